"""A webrun's session by a real Slurm: made, cancelled while it runs, and nothing outside of it touched."""

from __future__ import annotations

from pathlib import Path

from bot.doors.ledger import LedgerDoor
from tests.e2e.site import PID
from tests.slurm.site import SlurmSite

REQUEST = "project: {pid}\nsources: [GALAXY_0]\nparameters: {{badcb: {value}}}\ntiers: [c]\n"


def asked(site: SlurmSite, value: str) -> str:
    path = site.root / "request.yaml"
    path.write_text(REQUEST.format(pid=PID, value=value))
    return str(path)


def folder(site: SlurmSite, number: int) -> Path:
    return site.work / PID / f"Session-{number}"


def test_a_session_is_made_and_cancelled(site: SlurmSite) -> None:
    site.settings(more="machines: {unity: {executor: slurm}}\n")
    site.whims["LMTBOT_MACHINE"] = "unity"
    site.slurm()
    official = site.states(), sorted(str(path) for path in (site.work / PID).rglob("*"))
    assert "Session-1: done" in site.call("webrun", asked(site, "1/2"))
    records = LedgerDoor(folder(site, 1), PID).read().records
    assert {one.name for one in records} == {"117001", "117002", "117003", "117001_117003"}
    assert all(one.batch and str(one.state) == "good" and "meta=0" in one.lines[0] for one in records)
    site.whims["QUICK_S"] = "60"
    process = site.start("webrun", asked(site, "1/1"))
    site.await_(lambda: [row for row in site.queued() if row.endswith("RUNNING")])
    assert "Session-2: cancelled" in site.call("webrun", "cancel", f"{PID}/2")
    process.communicate(timeout=60)
    assert process.returncode == 1
    site.await_(lambda: not site.queued())
    assert "Session-2: deleted" in site.call("webrun", "delete", f"{PID}/2")
    assert [path.name for path in folder(site, 2).iterdir()] == ["session.json"]
    found = [str(path) for path in (site.work / PID).rglob("*") if "/Session-" not in str(path)]
    assert (site.states(), sorted(found)) == official
