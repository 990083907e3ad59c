"""The words of run lines, as today's generator writes them."""

from __future__ import annotations

import pytest

from bot.errors import ProjectError
from bot.formats.project_file import ProjectFolder, parse_folder
from bot.rules.lines import legacy_runfiles


def folder(project: str, qa: str = "") -> ProjectFolder:
    return parse_folder(f"pid: P-1\nsources:\n{project}", qa, pid="P-1")


TWO = """\
  A:
    obsnums: [101, 103, 102]
    tiers:
      a: {pix_list: -15, dv: 60}
      b: {bank: 0}
      c: {bank: 1}
"""


def words(runfiles: dict[str, list[str]], name: str) -> list[list[str]]:
    return [line.split() for line in runfiles[name]]


def test_all_six_runfiles_are_there_even_when_empty() -> None:
    found = legacy_runfiles(folder("  A: {obsnums: [101]}\n"))
    assert list(found) == ["run1a", "run1b", "run1c", "run2", "run1.sh", "run2.sh"]
    assert [len(lines) for lines in found.values()] == [0, 0, 0, 0, 1, 1]


def test_the_first_tier_carries_restart_and_no_exceptions() -> None:
    found = legacy_runfiles(folder(TWO, "obsnums:\n  101: {flags: {birdies: 512}}\n"))
    assert words(found, "run1a")[0] == [
        "SLpipeline.sh",
        "obsnum=101",
        "_io=TBD",
        "_s=A",
        "pix_list=-15",
        "dv=60",
        "restart=1",
    ]
    assert words(found, "run1b")[0] == ["SLpipeline.sh", "obsnum=101", "_io=TBD", "_s=A", "bank=0", "birdies=512"]
    assert words(found, "run1c")[0] == ["SLpipeline.sh", "obsnum=101", "_io=TBD", "_s=A", "bank=1"]


def test_a_beam_list_with_a_sign_is_written_out_in_exceptions_and_stays_in_tiers() -> None:
    found = legacy_runfiles(folder(TWO, "obsnums:\n  101: {banks: {1: {flags: {pix_list: '-0,5'}}}}\n"))
    assert found["run1c"][0].endswith(" pix_list=1,2,3,4,6,7,8,9,10,11,12,13,14,15")
    assert " pix_list=-15 " in found["run1a"][0]


def test_a_grade_stands_last_and_reaches_only_its_own_bank() -> None:
    found = legacy_runfiles(folder(TWO, "obsnums:\n  103: {grade: -2, flags: {birdies: 9}}\n"))
    assert found["run1b"][1].endswith("birdies=9 qagrade=-2")
    assert not any("qagrade" in line for line in found["run1a"] + found["run1c"])


def test_obsnums_are_combined_in_listed_order_without_those_kept_out() -> None:
    found = legacy_runfiles(folder(TWO, "obsnums:\n  103: {combine: false}\n"))
    assert words(found, "run2") == [["SLpipeline.sh", "obsnums=101,102", "_io=TBD", "_s=A", "restart=1", "admit=0"]]
    assert len(found["run1a"]) == len(found["run1.sh"]) == 3


def test_admit_is_for_maps_with_a_known_mode() -> None:
    for mode, admit in (("SEQ/Map", 1), ("RSR/Bs", 0)):
        found = legacy_runfiles(parse_folder(f"pid: P-1\nmode: {mode}\nsources:\n{TWO}", pid="P-1"))
        assert found["run2"][0].endswith(f"_io={mode} _s=A restart=1 admit={admit}")


def test_a_source_without_accepted_obsnums_gives_no_empty_combination() -> None:
    qa = "obsnums:\n" + "".join(f"  {obsnum}: {{combine: false}}\n" for obsnum in (101, 102, 103))
    found = legacy_runfiles(folder(TWO, qa))
    assert found["run2"] == found["run2.sh"] == []
    assert len(found["run1a"]) == 3


def test_a_mosaic_lists_the_obsnums_of_its_parts_first() -> None:
    mosaic = (
        TWO + "  B: {obsnums: [201], tiers: {a: {}}}\n  M: {mosaic: [B, A], obsnums: [301], tiers: {a: {skip: 1}}}\n"
    )
    found = legacy_runfiles(folder(mosaic, "obsnums:\n  102: {combine: false}\n"))
    assert words(found, "run2")[-1][1] == "obsnums=201,101,103,301"
    assert [row[1] for row in words(found, "run1a")[-5:]] == [f"obsnum={n}" for n in (201, 101, 103, 102, 301)]


def test_a_listing_kept_out_of_one_source_stays_in_another() -> None:
    both = (
        "  A: {obsnums: [101, {obsnum: 102, combine: false}], tiers: {a: {}}}\n  B: {obsnums: [102], tiers: {a: {}}}\n"
    )
    found = legacy_runfiles(folder(both))
    assert [row[1] for row in words(found, "run2")] == ["obsnums=101", "obsnums=102"]


def test_a_text_of_words_is_written_as_it_stands() -> None:
    found = legacy_runfiles(folder("  A: {obsnums: [101], tiers: {a: {}, b: 'qagrade = 2 badcb=1/1 badcb=2/2'}}\n"))
    assert words(found, "run1b")[0][4:] == ["qagrade", "=", "2", "badcb=1/1", "badcb=2/2"]


def test_prose_where_parameters_belong_is_written_as_today_and_refused_where_it_could_be_a_command() -> None:
    found = legacy_runfiles(
        folder("  A: {obsnums: [101], tiers: {a: {}}}\n  B: {obsnums: [102], tiers: {b: 'Bad (#12)?'}}\n")
    )
    assert found["run1b"] == ["SLpipeline.sh obsnum=102 _io=TBD _s=B Bad (#12)?"]
    with pytest.raises(ProjectError, match="cannot stand in a runfile"):
        legacy_runfiles(folder("  'A;id': {obsnums: [101], tiers: {a: {}}}\n"))
