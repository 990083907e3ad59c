"""What the archive needs follows from the mode, as the recorded runs left it."""

from __future__ import annotations

import pytest

from bot.model.plan import Chain, Combination, Member
from bot.rules.archivable import missing, needed

MEMBERS = (Member(1, "P", "d"), Member(2, "P", "d"))


@pytest.mark.parametrize(
    ("mode", "single", "combined"),
    [
        ("SEQ/Map", {"SRDP.zip", "SDFITS.zip", "lmtmetadata.yaml"}, {"SRDP.zip", "lmtmetadata.yaml"}),
        ("RSR/Bs", {"SRDP.zip", "SDFITS.zip", "lmtmetadata.yaml"}, {"SRDP.zip", "SDFITS.zip", "lmtmetadata.yaml"}),
        ("SEQ/Bs", {"SRDP.zip"}, {"SRDP.zip"}),
        ("1MM/Ps", {"SRDP.zip", "lmtmetadata.yaml"}, {"SRDP.zip", "lmtmetadata.yaml"}),
        ("TBD", {"SRDP.zip", "lmtmetadata.yaml"}, {"SRDP.zip", "lmtmetadata.yaml"}),
    ],
)
def test_the_files_of_each_mode(mode: str, single: set[str], combined: set[str]) -> None:
    assert set(needed(Chain(1, "S", mode, (), ""))) == single
    assert set(needed(Combination("S", mode, MEMBERS, (), ""))) == combined


def test_only_what_is_not_there_is_told() -> None:
    one, two = Chain(1, "S", "RSR/Bs", (), ""), Chain(2, "S", "1MM/Ps", (), "")
    staged = {"1": {"SRDP.zip", "lmtmetadata.yaml"}, "2": {"SRDP.zip", "lmtmetadata.yaml", "RAW.zip"}}
    assert missing([one, two], staged) == {"1": ("SDFITS.zip",)}
    assert missing([two], {}) == {"2": ("SRDP.zip", "lmtmetadata.yaml")}
