"""Issue forms (.github/ISSUE_TEMPLATE/*.yml) -> fields of a page; answers -> the body as GitHub writes it.

https://docs.github.com/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

KINDS = ("markdown", "input", "textarea", "dropdown", "checkboxes")
EMPTY = "_No response_"


@dataclass(frozen=True)
class Field:
    """One element. `options`: what can be chosen, each with whether it must be."""

    kind: str
    name: str
    label: str = ""
    description: str = ""
    placeholder: str = ""
    value: str = ""
    render: str = ""
    options: tuple[tuple[str, bool], ...] = ()
    default: int | None = None
    multiple: bool = False
    required: bool = False


@dataclass(frozen=True)
class Form:
    """One form of the chooser."""

    file: str
    name: str
    description: str = ""
    title: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    fields: tuple[Field, ...] = field(default=())


def read_form(file: str, text: str) -> Form:
    """Read a form; raise ValueError with what is wrong."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{file} is no YAML: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("body"), list) or not found.get("name"):
        raise ValueError(f"{file}: an issue form has `name`, `description` and a list `body`")
    fields = tuple(_field(file, number, item) for number, item in enumerate(found["body"]))
    words = {name: str(found.get(name) or "") for name in ("name", "description", "title")}
    return Form(file, labels=_words(found.get("labels")), assignees=_words(found.get("assignees")), fields=fields,
                **words)  # fmt: skip


def _words(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value or ()
    return tuple(str(part).strip() for part in parts)


def _field(file: str, number: int, item: Any) -> Field:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind not in KINDS:
        raise ValueError(f"{file}: element {number + 1} has the type {kind!r}; it must be one of {', '.join(KINDS)}")
    about: Mapping[str, Any] = item.get("attributes") or {}
    if kind != "markdown" and not about.get("label"):
        raise ValueError(f"{file}: element {number + 1} ({kind}) has no label")
    return Field(
        kind,
        f"field{number}",
        options=tuple(_option(option) for option in about.get("options") or ()),
        default=about.get("default"),
        multiple=bool(about.get("multiple")),
        required=bool((item.get("validations") or {}).get("required")),
        **{name: str(about.get(name) or "") for name in ("label", "description", "placeholder", "value", "render")},
    )


def _option(option: Any) -> tuple[str, bool]:
    return (str(option.get("label", "")), bool(option.get("required"))) if isinstance(option, dict) else (
        str(option), False)  # fmt: skip


def missing(form: Form, answers: Mapping[str, list[str]]) -> list[str]:
    """Return the labels of what must be answered and is not."""
    found = []
    for one in form.fields:
        given = [text for text in answers.get(one.name, []) if text.strip()]
        found += [one.label] if one.required and not given else []
        found += [label for n, (label, must) in enumerate(one.options) if must and str(n) not in given]
    return found


def body_of(form: Form, answers: Mapping[str, list[str]]) -> str:
    """Return the issue's body: a heading and the answer for each element that asks."""
    asking = [one for one in form.fields if one.kind != "markdown"]
    return "\n\n".join(f"### {one.label}\n\n{_answer(one, answers.get(one.name, []))}" for one in asking)


def _answer(one: Field, given: list[str]) -> str:
    if one.kind == "checkboxes":
        return "\n".join(f"- [{'x' if str(n) in given else ' '}] {label}" for n, (label, _) in enumerate(one.options))
    if one.kind == "dropdown":
        chosen = [label for n, (label, _) in enumerate(one.options) if str(n) in given]
        return ", ".join(chosen) or EMPTY
    text = "\n".join(given).replace("\r\n", "\n").strip()
    return f"```{one.render}\n{text}\n```" if text and one.render else text or EMPTY
