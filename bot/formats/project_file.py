"""A folder projects/PID <-> its values: the project, the verdicts, and where each of them stands in the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from bot.errors import Finding, ProjectError, Severity
from bot.formats.validation import Model, read_model, salvage, validate
from bot.formats.yaml_text import Document, parse_document, read_document
from bot.model.project import Archive, Level2, Project, Qa

PROJECT_FILE, QA_FILE, LEVEL2_FILE, ARCHIVE_FILE = "project.yaml", "qa.yaml", "level2.yaml", "archive.yaml"
MODELS: dict[str, type[BaseModel]] = {
    PROJECT_FILE: Project,
    QA_FILE: Qa,
    LEVEL2_FILE: Level2,
    ARCHIVE_FILE: Archive,
}
"""File name -> what it says. One place; schema, check and readers use it."""


@dataclass(frozen=True)
class ProjectFolder:
    """One project as read: values, and the documents that know the lines."""

    path: Path
    project: Project
    qa: Qa
    project_document: Document
    qa_document: Document
    level2: Level2 | None = None
    archive: Archive | None = None

    @property
    def pid(self) -> str:
        """Return the ProjectId."""
        return self.project.pid


def read_folder(folder: Path) -> ProjectFolder:
    """Read projects/PID; raise ProjectError with the faults of all its files at once."""
    reading = _Folder(folder)
    project, project_document = reading.read(PROJECT_FILE, Project)
    qa, qa_document = reading.read(QA_FILE, Qa)
    level2, _ = reading.read(LEVEL2_FILE, Level2)
    archive, _ = reading.read(ARCHIVE_FILE, Archive)
    if project and project.pid != folder.name:
        line = project_document.line(("pid",))
        reading.tell(PROJECT_FILE, line, f"pid {project.pid} stands in the folder {folder.name}", "name both alike")
    elif not project and not reading.findings:
        reading.tell(PROJECT_FILE, 0, "the file is missing", "every project has one; see templates/")
    if reading.findings or project is None:
        raise ProjectError(findings=reading.findings)
    return ProjectFolder(folder, project, qa or Qa(), project_document, qa_document, level2, archive)


def salvage_folder(folder: Path) -> ProjectFolder | None:
    """Read what can be read of a folder whose files are wrong, to judge the rest of it; None where nothing can."""
    documents: dict[str, Document] = {}
    for name in (PROJECT_FILE, QA_FILE):
        shown = f"projects/{folder.name}/{name}"
        try:
            documents[name] = read_document(folder / name, shown=shown)
        except (OSError, ProjectError):
            documents[name] = Document(shown, "", {})
    project = salvage(documents[PROJECT_FILE], Project, pid=folder.name)
    qa = salvage(documents[QA_FILE], Qa) or Qa()
    if project is None:
        return None
    return ProjectFolder(folder, project, qa, documents[PROJECT_FILE], documents[QA_FILE])


class _Folder:
    """Reads the files of one folder and collects what is wrong in all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings: list[Finding] = []

    def read(self, name: str, model: type[Model]) -> tuple[Model | None, Document]:
        """Return the file's value, or None when it is not there or wrong."""
        path = self.folder / name
        shown = f"projects/{self.folder.name}/{name}"
        try:
            return read_model(path, model, shown=shown)
        except FileNotFoundError:
            pass
        except OSError as error:
            self.tell(name, 0, f"cannot be read: {error.strerror}", "it must be a readable file")
        except ProjectError as error:
            self.findings.extend(error.findings)
        return None, Document(shown, "", None)

    def tell(self, name: str, line: int, what: str, cure: str) -> None:
        """Note a fault."""
        shown = f"projects/{self.folder.name}/{name}"
        self.findings.append(Finding("SCHEMA", Severity.ERROR, shown, line, what, cure=cure, pid=self.folder.name))


def read_level2(text: str, pid: str) -> Level2 | None:
    """Read the text of a level2.yaml; None where there is none, or it cannot be read: the bot writes it anew."""
    try:
        return validate(parse_document(text, f"projects/{pid}/{LEVEL2_FILE}"), Level2) if text else None
    except ProjectError:
        return None


def parse_folder(project_text: str, qa_text: str = "", *, pid: str) -> ProjectFolder:
    """Read a folder from texts that lie in no file yet; raise ProjectError as `read_folder` does."""
    project_document = parse_document(project_text, f"projects/{pid}/{PROJECT_FILE}")
    qa_document = parse_document(qa_text, f"projects/{pid}/{QA_FILE}")
    project, qa = validate(project_document, Project), validate(qa_document, Qa)
    return ProjectFolder(Path("projects") / pid, project, qa, project_document, qa_document)
