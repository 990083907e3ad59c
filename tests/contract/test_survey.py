"""The names in a folder are compared with the index: after every look it holds just what the folder does."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.doors.rawdata import RawData
from bot.doors.scan_index import ScanIndex, open_index
from bot.formats.rawname import file_name
from bot.model.raw import IFPROC, Stamp
from bot.settings import RawFiles
from bot.stages.survey import Survey

STRANGE = ("notes.txt", "x\udcfe", "Öß.nc")
OBSNUMS = st.sets(st.integers(1, 40), max_size=20)


class Listed(RawData):
    """Holds nothing but names in one folder."""

    def __init__(self, obsnums: set[int], strange: tuple[str, ...]) -> None:
        super().__init__(Path("none"))
        self.listed = [*(file_name(IFPROC, one, (0, 1), "2024-03-06") for one in obsnums), *strange]

    def names(self, part: str) -> list[str]:
        return self.listed if part == IFPROC else []

    def folder_stamp(self, part: str) -> int:
        return hash((part, *self.listed))

    def stamp(self, part: str, name: str, known: Stamp | None = None) -> Stamp | None:
        return (known or Stamp(1, 2, 3)) if part == IFPROC and name in self.listed else None


def obsnums_in(index: ScanIndex) -> set[int]:
    return {name.obsnum for page in index.files.to_ask(10) for name, _ in page}


@given(st.lists(OBSNUMS, min_size=1, max_size=4), st.sets(st.sampled_from(STRANGE)))
@settings(max_examples=60, deadline=None)
def test_after_every_look_the_index_holds_just_what_the_folder_does(looks: list[set[int]], strange: set[str]) -> None:
    with open_index(Path("none"), in_memory=True) as index:
        for here in looks:
            raw = Listed(here, tuple(strange))
            Survey(index, raw, RawFiles(), 10**18, all_here=True).look_for_new()
            assert obsnums_in(index) == here
            assert len(index.files.ignored().get(IFPROC, ())) == len(strange)
