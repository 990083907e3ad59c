"""The words of an arrival pull request: title, body, and the comment on what is held back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.errors import Finding, Severity
from bot.formats.markdown import code, fence, prose, table
from bot.model.observation import Observation
from bot.model.plan import Chain, Plan, Unit
from bot.rules.arrival import Held, ProjectArrival

MOST_ROWS, MOST_LINES, MOST_FINDINGS, MOST_HELD = 150, 120, 20, 60
"""What a body shows at most; GitHub takes 65,536 characters."""
HEAD = ["date (UT)", "obsnum", "source", "mode", "minutes", ""]


@dataclass(frozen=True)
class ArrivalShown:
    """All that the body of one arrival pull request tells."""

    arrival: ProjectArrival
    rows: Mapping[int, Observation]
    """Rows of the observation log, by obsnum."""
    new: Sequence[Unit]
    """Units of the plan that main's plan does not have."""
    plan: Plan
    """The plan with what arrives."""
    findings: Sequence[Finding]
    listed: int
    """Science obsnums of the log that main lists."""
    held: Sequence[Held]
    others: int
    """Obsnums that the project lists and the log's Science does not have."""


def title_of(arrival: ProjectArrival) -> str:
    """Return the title: it tells what arrives, so that lists of pull requests can be read."""
    count = arrival.count
    told = f"{arrival.pid}: {count} new observation{'s' if count != 1 else ''}"
    return told + (" of a new project" if arrival.is_new else "")


def body_values(shown: ArrivalShown) -> dict[str, str]:
    """Return what templates/github/arrival.md.j2 is filled in with, as Markdown."""
    return {
        "intro": _intro(shown),
        "observations": _observations(shown),
        "runs": _runs(shown),
        "lines": _lines(shown),
        "totals": _totals(shown),
        "findings": _findings(shown.findings),
    }


def held_values(pid: str, held: Sequence[Held]) -> dict[str, str]:
    """Return what templates/github/held.md.j2 is filled in with."""
    if not held:
        return {"told": f"Nothing of {pid} is held back.", "table": ""}
    rows = [[str(one.obsnum or ""), prose(one.source), prose(one.told), prose(one.cure)] for one in held[:MOST_HELD]]
    told = f"{len(held)} observations of {pid} are held back:"
    more = _more(len(held) - MOST_HELD, "`lmtbot arrivals` tells all")
    return {"told": told, "table": table(["obsnum", "source", "why", "what can be done"], rows) + more}


def _intro(shown: ArrivalShown) -> str:
    arrival = shown.arrival
    new = [source.source for source in arrival.sources if source.is_new]
    told = f"The telescope observed {arrival.count} obsnums of **{prose(arrival.pid)}** that main does not list yet."
    if arrival.is_new:
        return f"{told} The project is new here: look at its parameters, PI and title in `project.yaml`."
    return told + (f" New sources: {', '.join(map(code, new))}." if new else "")


def _observations(shown: ArrivalShown) -> str:
    named = {obsnum: source for source in shown.arrival.sources for obsnum in source.obsnums}
    rows = []
    for obsnum, source in sorted(named.items(), reverse=True)[:MOST_ROWS]:
        row = shown.rows.get(obsnum)
        minutes = f"{row.tint_s / 60:.1f}" if row and row.tint_s else ""
        date = row.date_obs.replace("T", " ") if row else ""
        rows.append([date, str(obsnum), code(source.source), source.mode, minutes, "new source" * source.is_new])
    return table(HEAD, rows) + _more(len(named) - MOST_ROWS, "the files of this pull request list all")


def _runs(shown: ArrivalShown) -> str:
    chains = [unit for unit in shown.new if isinstance(unit, Chain)]
    tiers = Counter(line.tier for chain in chains for line in chain.lines)
    told = ", ".join(f"{count} of tier {tier}" for tier, count in sorted(tiers.items(), key=lambda item: str(item[0])))
    lines = sum(len(unit.lines) for unit in shown.new)
    blocked = sum(bool(unit.blocked) for unit in shown.new)
    more = f"; **{blocked} of them cannot run**, see below" if blocked else ""
    combinations = len(shown.new) - len(chains)
    return f"{lines} run lines ({told or 'no tiers'}), {combinations} combinations are made anew{more}."


def _lines(shown: ArrivalShown) -> str:
    lines = [str(line) for unit in shown.new for line in unit.lines]
    if not lines:
        return ""
    more = (
        [f"... and {len(lines) - MOST_LINES} more: lmtbot plan {shown.arrival.pid}"] if len(lines) > MOST_LINES else []
    )
    told = fence([*lines[:MOST_LINES], *more])
    return f"<details><summary>The {len(lines)} run lines</summary>\n\n{told}\n\n</details>"


def _totals(shown: ArrivalShown) -> str:
    listed, arriving, held = shown.listed, shown.arrival.count, len(shown.held)
    told = f"the log has {listed + arriving + held} Science obsnums of this project"
    told += f" = {listed} listed on main + {arriving} here + {held} held back"
    told += f"; the plan has {len(shown.plan.chains)} chains"
    others = f", {shown.others} of them not from the log's Science rows" if shown.others else ""
    return f"{told} and {len(shown.plan.combinations)} combinations{others}."


def _findings(findings: Sequence[Finding]) -> str:
    """Return what `check` says; what is only for information stays with the check of the pull request."""
    told = [one for one in findings if one.severity is not Severity.INFO]
    if not told:
        return "**Check:** nothing to mend."
    rows = [
        f"- {one.severity}: {code(f'{one.path}:{one.line}')} {prose(one.what)}"
        + (f" *Mend:* {prose(one.cure)}" if one.cure else "")
        for one in told[:MOST_FINDINGS]
    ]
    more = _more(len(told) - MOST_FINDINGS, "`lmtbot check` tells all")
    return f"**Check:** {len(told)} findings.\n\n" + "\n".join(rows) + more


def _more(count: int, where: str) -> str:
    return f"\n\n... and {count} more; {where}." if count > 0 else ""
