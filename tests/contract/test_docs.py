"""The documents are true: their YAML is read by the real readers, their commands exist."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest

from bot.cli.main import VERBS, main
from bot.formats.project_file import parse_folder
from bot.formats.validation import validate
from bot.formats.yaml_text import parse_document
from bot.model.project import Qa
from bot.settings import QuickLooks, RawFiles, Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def test_the_readme_has_exactly_two_commands_for_a_fresh_machine() -> None:
    commands = [line.split("#")[0].strip() for block in blocks(README, "sh") for line in block.splitlines()]
    assert commands == ["make demo", "make test"]


def test_the_readmes_yaml_is_what_the_readers_take() -> None:
    settings, qa = blocks(README, "yaml")
    assert validate(parse_document(settings, "README"), Settings).jobs == 4
    assert validate(parse_document(qa, "README"), Qa).obsnums[120512].combine is False


def test_the_documented_project_files_are_read_and_planned() -> None:
    project, qa = blocks((ROOT / "docs" / "project-files.md").read_text(), "yaml")
    folder = parse_folder(project, qa, pid="2024-S1-MX-2")
    assert list(folder.project.sources) == ["FIELD_1", "FIELD_2", "MOSAIC"]
    assert folder.project.sources["FIELD_2"].tiers.b == ("badcb=2/3", "speczoom=97,4")


@pytest.mark.parametrize("name", ["raw-data.md", "quicklook.md"])
def test_the_documented_settings_are_what_the_reader_takes(name: str) -> None:
    (text,) = blocks((ROOT / "docs" / name).read_text(), "yaml")
    settings = validate(parse_document(text, name), Settings)
    assert (settings.raw, settings.quicklook == QuickLooks()) == (RawFiles(), name == "raw-data.md")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_in_a_document_exists(name: str) -> None:
    text = (ROOT / name).read_text()
    shown = "\n".join(re.findall(r"^```[a-z]*\n(.*?)^```$", text, re.M | re.S))
    verbs = {*re.findall(r"`lmtbot ([a-z]+)", text), *re.findall(r"^(?:\$ )?lmtbot ([a-z]+)", shown, re.M)}
    assert verbs <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_examples_that_its_own_parser_takes(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module(VERBS[verb][0])
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0 and "examples:" in told and (module.__doc__ or "").splitlines()[0] in told
    from bot.cli.main import _parser_of

    for example in module.EXAMPLES:
        words = shlex.split(re.split(r"\s{2,}|\s\|\s", example)[0])
        assert words[:2] == ["lmtbot", verb]
        _parser_of(verb, module).parse_args(words[2:])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_documents_lead_somewhere(name: str) -> None:
    path = ROOT / name
    for link in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert (path.parent / link).exists(), link
