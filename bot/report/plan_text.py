"""A plan as text for people, as JSON for programs, and as a graph for Graphviz."""

from __future__ import annotations

from itertools import pairwise

from bot.model.plan import Plan, Unit


def plan_as_text(plan: Plan) -> str:
    """Return the run lines chain by chain, then the combinations with their members."""
    told = [_headline(plan)]
    for chain in plan.chains:
        told.append(f"\n{chain.name}  {chain.source}  [{chain.digest}]")
        told += _lines_of(chain)
    for one in plan.combinations:
        told.append(f"\n{one.name}  {one.source}  [{one.digest}]  after {len(one.members)} obsnums")
        told += _lines_of(one)
    if plan.remarks:
        told.append("")
        told += [f"note: {remark}" for remark in plan.remarks]
    return "\n".join(told)


def plan_as_json(plan: Plan) -> dict[str, object]:
    """Return the plan as plain values: units with lines, digests and what they wait for."""
    return {
        "pid": plan.pid,
        "level": plan.level,
        "digest": plan.digest,
        "chains": [
            {**_unit(one), "obsnum": one.obsnum, "tiers": [line.tier for line in one.lines]} for one in plan.chains
        ],
        "combinations": [
            {**_unit(one), "after": [{"pid": m.pid, "obsnum": m.obsnum, "digest": m.digest} for m in one.members]}
            for one in plan.combinations
        ],
        "remarks": list(plan.remarks),
    }


def plan_as_dot(plan: Plan) -> str:
    """Return the graph in Graphviz's language: tiers in order, combinations after their members' last tiers."""
    rows = ["digraph plan {", "  rankdir=LR;", "  node [shape=box, fontname=monospace];"]
    last: dict[int, str] = {}
    for chain in plan.chains:
        names = [f"{chain.name}{line.tier}" for line in chain.lines]
        rows += [f"  {_quoted(name)} [label={_quoted(f'{name} {chain.source}')}];" for name in names]
        rows += [f"  {_quoted(one)} -> {_quoted(two)};" for one, two in pairwise(names)]
        last[chain.obsnum] = names[-1]
    for one in plan.combinations:
        rows.append(f"  {_quoted(one.name)} [label={_quoted(f'{one.name} {one.source}')}, style=rounded];")
        for member in one.members:
            before = last.get(member.obsnum, f"{member.pid} {member.obsnum}")
            rows.append(f"  {_quoted(before)} -> {_quoted(one.name)};")
    return "\n".join([*rows, "}"])


def _headline(plan: Plan) -> str:
    lines = sum(len(unit.lines) for unit in plan.units)
    blocked = sum(bool(unit.blocked) for unit in plan.units)
    text = f"{plan.pid} level {plan.level}: {lines} run lines, {len(plan.chains)} obsnums, "
    text += f"{len(plan.combinations)} combinations, digest {plan.digest}"
    return text + (f"; {blocked} cannot run" if blocked else "")


def _lines_of(unit: Unit) -> list[str]:
    told = [f"  {line.tier or '+'}  {line}" for line in unit.lines]
    return told + ([f"     blocked: {unit.blocked}"] if unit.blocked else [])


def _unit(unit: Unit) -> dict[str, object]:
    return {
        "name": unit.name,
        "source": unit.source,
        "mode": unit.mode,
        "digest": unit.digest,
        "lines": [str(line) for line in unit.lines],
        "blocked": unit.blocked,
    }


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
