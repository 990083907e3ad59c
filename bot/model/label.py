"""The labels of issues and pull requests: here is their only list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """A label as GitHub shows it."""

    name: str
    colour: str
    """Six hexadecimal digits."""
    description: str


ARRIVAL = Label("arrival", "1d76db", "New observations; a PO merges")
NEW_PROJECT = Label("new project", "5319e7", "A project without observations yet; a PO merges")
QA = Label("qa", "fbca04", "Quality assurance of a project; a DA approves, then a PO merges")
ARCHIVE = Label("archive", "006b75", "What a release brought into the archive; a PO merges")
WEBRUN = Label("webrun", "0e8a16", "A PI asks for a reduction with other parameters")
ACCEPTED = Label("webrun: accepted", "0e8a16", "A PO accepts this webrun; it counts only when a PO put it there")
REPORT = Label("report", "d93f0b", "Somebody says that something is wrong with results")
NIGHT = Label("night", "c5def5", "What a night brought, in words; the bot keeps it")
LABELS = (ARRIVAL, NEW_PROJECT, QA, ARCHIVE, WEBRUN, ACCEPTED, REPORT, NIGHT)
