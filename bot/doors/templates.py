"""The door to templates/: the repository's own, or else those that came with the program."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup, escape

from bot.errors import SettingsError
from bot.formats.markdown import code, fence, inert

SHIPPED = Path(__file__).resolve().parents[2] / "templates"


def template_file(root: Path, name: str) -> Path:
    """Return the file of a template, e.g. project/qa.yaml.j2; raise SettingsError when nobody has it."""
    for folder in (root / "templates", SHIPPED):
        if (folder / name).is_file():
            return folder / name
    raise SettingsError(f"{root / 'templates' / name}: the template is missing; restore it from the repository")


def render_template(root: Path, name: str, **values: object) -> str:
    """Fill a template in; a name that it does not get is an error, never an empty place."""
    path = template_file(root, name)
    loader = FileSystemLoader(path.parent)
    plain_text = Environment(  # noqa: S701 - YAML and text, not HTML
        loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    plain_text.filters["quote"] = shlex.quote
    try:
        return plain_text.get_template(path.name).render(**values)
    except (TemplateError, OSError) as error:
        raise SettingsError(f"{path}: the template cannot be filled in: {error}") from error


@dataclass(frozen=True)
class PageMaker:
    """Fills in many pages of one folder of templates, as render_page does one; goes to other processes whole."""

    home: Path

    def __call__(self, name: str, **values: object) -> str:
        """Fill in a page of HTML or XML; whatever a file, a header or a person wrote is escaped."""
        try:
            return _environment(self.home).get_template(name).render(**values)
        except (TemplateError, OSError) as error:
            raise SettingsError(f"{self.home / name}: the page cannot be made: {error}") from error


@cache
def _environment(home: Path) -> Environment:
    pages = Environment(
        loader=FileSystemLoader(home), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    pages.filters["url"] = quote
    pages.filters["coded"] = _coded
    return pages


def _coded(text: str) -> Markup:
    """Return a text whose words in backticks are shown as code; everything in it is escaped."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def render_page(root: Path, name: str, **values: object) -> str:
    """Fill in a page of HTML; whatever a file, a header or a person wrote is escaped."""
    path = template_file(root, name)
    pages = Environment(
        loader=FileSystemLoader(path.parent), undefined=StrictUndefined, autoescape=True, trim_blocks=True
    )
    try:
        return pages.get_template(path.name).render(**values)
    except (TemplateError, OSError) as error:
        raise SettingsError(f"{path}: the page cannot be made: {error}") from error


def render_markdown(root: Path, name: str, **values: object) -> str:
    """Fill in Markdown for GitHub; whatever is put in is shown as it is and does nothing (bot.formats.markdown).

    Templates have the filters `code` (a name, a run line) and `fence(language)` (lines).
    """
    path = template_file(root, name)
    loader = FileSystemLoader(path.parent)
    markdown = Environment(
        loader=loader, undefined=StrictUndefined, autoescape=True, finalize=_inert, trim_blocks=True, lstrip_blocks=True
    )
    markdown.filters["code"] = lambda text: Markup(code(text))  # noqa: S704 - that is what makes it inert
    markdown.filters["fence"] = lambda lines, language="": Markup(fence(lines, language))  # noqa: S704
    try:
        return markdown.get_template(path.name).render(**values)
    except (TemplateError, OSError) as error:
        raise SettingsError(f"{path}: the text cannot be made: {error}") from error


def _inert(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(inert(value))  # noqa: S704 - that is what makes it inert
