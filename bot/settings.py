""".github/lmtbot.yml and the environment -> one frozen Settings. Read once, in cli; secrets never come from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from bot.errors import ProjectError, SettingsError
from bot.model.project import Frozen
from bot.model.scalars import Text, WholeNumber

SETTINGS_FILE = Path(".github") / "lmtbot.yml"


class Pipeline(Frozen):
    """How the pipeline is called on this site."""

    command: tuple[Text, ...] = ("SLpipeline.sh",)
    """The program and its leading arguments, e.g. [xvfb-run, -a, SLpipeline.sh]."""
    timeout_minutes: WholeNumber = Field(default=240, ge=1)
    """A call that lasts longer is ended and counts as failed (4 h is what the Slurm jobs get today)."""
    tries: WholeNumber = Field(default=2, ge=1, le=10)
    """How often a chain may be tried when the machine, not the data, stopped it (killed, out of memory, time)."""


class Settings(Frozen):
    """Everything that a site may set. Unknown keys are errors: a misspelt key would be ignored in silence."""

    pipeline: Pipeline = Pipeline()
    """The pipeline."""
    jobs: WholeNumber = Field(default=2, ge=1, le=1024)
    """How many pipelines run side by side with the local executor."""


@dataclass(frozen=True)
class Site:
    """Where we stand: the repository, the raw data, the results, and the settings."""

    root: Path
    data: Path | None
    work: Path | None
    settings: Settings

    @property
    def projects(self) -> Path:
        """Return the folder that holds one folder a project."""
        return self.root / "projects"

    def need_data(self) -> Path:
        """Return DATA_LMT; raise SettingsError when nobody said it."""
        return _needed(self.data, "DATA_LMT", "--data", "the read-only raw data and data_lmt.log")

    def need_work(self) -> Path:
        """Return WORK_LMT; raise SettingsError when nobody said it."""
        return _needed(self.work, "WORK_LMT", "--work", "the results")


def find_site(root: str | None, data: str | None, work: str | None, environment: Mapping[str, str]) -> Site:
    """Put options, environment and settings file together; options win over the environment."""
    folder = Path(root).absolute() if root else _root_here(Path.cwd())
    if not folder.is_dir():
        raise SettingsError(f"{folder}: there is no such folder; give the repository with --root DIR")
    raw, results = data or environment.get("DATA_LMT"), work or environment.get("WORK_LMT")
    return Site(
        root=folder,
        data=Path(raw).absolute() if raw else None,
        work=Path(results).absolute() if results else None,
        settings=read_settings(folder),
    )


def read_settings(root: Path) -> Settings:
    """Read .github/lmtbot.yml of the repository; without the file everything has its default."""
    from bot.formats.validation import read_model

    path = root / SETTINGS_FILE
    try:
        return read_model(path, Settings, shown=str(SETTINGS_FILE))[0]
    except FileNotFoundError:
        return Settings()
    except ProjectError as error:
        raise SettingsError(str(error)) from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}; it must be a file that you may read") from error


def _root_here(start: Path) -> Path:
    """Return the innermost folder around `start` that has projects/, else `start` itself."""
    return next((folder for folder in (start, *start.parents) if (folder / "projects").is_dir()), start)


def _needed(path: Path | None, variable: str, option: str, what: str) -> Path:
    if path is None:
        raise SettingsError(f"{variable} is not set; it names the folder of {what}: export it or give {option} DIR")
    return path
