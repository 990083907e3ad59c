"""Tell every fault of the project files: where, what, why it matters, how to mend it.

All projects are checked when none is named. With an observation log at hand (--log, or data_lmt.log in the raw data)
the obsnums are held against it too. docs/checks.md describes every rule. Exit 1 when there are errors.

With --base DIR, the checkout that a change is made to, only what differs is checked, and it is told what the change
makes run. Settings and templates are then DIR's: the files that are checked may be a stranger's.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from bot.cli.github import event_text, opened
from bot.cli.output import print_json, print_table
from bot.doors.files import append_text
from bot.errors import Finding, ProjectError, Severity
from bot.model.deposit import Manifest
from bot.report.check_text import HEAD, WEIGHT, by_project, counts, github_command, is_shown
from bot.report.plan_difference import as_json, headline, report_as_text
from bot.settings import Site
from bot.stages.check import CheckReport, check_projects, find_log
from bot.stages.planning import project_ids
from bot.stages.pull_check import Manifests, PullReport, check_pull, summary_page

EXAMPLES = (
    "lmtbot check                                   all projects",
    "lmtbot check 2024-S1-MX-2 --severity info      one of them, with every hint",
    "lmtbot check --log /data_lmt/data_lmt.log      hold them against this log",
    "lmtbot check -q                                only the table of counts",
    "lmtbot check --github                          as annotations of a workflow run",
    "lmtbot check --base ../main                    what differs from that checkout, and what it makes run",
)
NO_LOG = "no observation log was at hand, so its rules were not applied; give --log FILE or --data DIR"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `lmtbot check`."""
    parser.add_argument("pid", metavar="PID", nargs="*", help="only these projects")
    log = parser.add_mutually_exclusive_group()
    log.add_argument("--log", metavar="FILE", help="the observation log (default: data_lmt.log in the raw data)")
    log.add_argument("--no-log", action="store_true", help="leave the observation log out")
    levels = [severity.value for severity in WEIGHT]
    parser.add_argument("--severity", choices=levels, default="warning", help="the least to be told (default: warning)")
    parser.add_argument("--github", action="store_true", help="print GitHub's workflow commands")
    parser.add_argument("--base", metavar="DIR", help="check what differs from this checkout")
    parser.add_argument("--branch", metavar="NAME", help="with --base: the branch of the change ($GITHUB_HEAD_REF)")


def run(args: argparse.Namespace, site: Site) -> int:
    """Print the findings; 1 when there are errors, shown or not."""
    log = None if args.no_log else Path(args.log) if args.log else find_log(site)
    if args.base:
        return _run_pull(args, site, log)
    report = check_projects(site, args.pid or project_ids(site), log)
    shown = [finding for finding in report.findings if is_shown(finding, Severity(args.severity))]
    if args.json:
        print_json(_as_json(report, shown))
    elif args.github:
        _print_commands(shown)
    else:
        _print_text(report, [] if args.quiet else shown, len(shown))
    return 1 if any(finding.severity is Severity.ERROR for finding in report.findings) else 0


def _run_pull(args: argparse.Namespace, site: Site, log: Path | None) -> int:
    """Print what differs and what is wrong with it; in a workflow run also write the summary of the step."""
    if args.pid:
        raise ProjectError("--base finds the projects that differ by itself; leave the names out")
    branch = args.branch or os.environ.get("GITHUB_HEAD_REF", "")
    report = check_pull(site, site.code, branch=branch, log=log, archive=_manifests(site))
    least = Severity(args.severity)
    shown = [*report.findings, *(finding for finding in report.check.findings if is_shown(finding, least))]
    if args.json:
        print_json(_as_json(report.check, shown) | {"projects": [as_json(project) for project in report.projects]})
    elif args.github or os.environ.get("GITHUB_ACTIONS") == "true":
        _print_commands(shown)
        print(headline(shown, report.projects))
    else:
        _print_pull(report, shown)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        append_text(Path(summary), summary_page(site, report, shown))
    return 1 if report.has_errors else 0


def _manifests(site: Site) -> Manifests | None:
    """Return how to read a release's manifest, where this run checks a pull request of the bot's own; else None."""
    told = json.loads(event_text() or "{}").get("pull_request") or {}
    head, base = (((told.get(side) or {}).get("repo") or {}).get("full_name") for side in ("head", "base"))
    author = (told.get("user") or {}).get("login", "")
    if head is None or head != base or author.lower() != site.settings.github.bot.lower():
        return None

    def manifest(tag: str) -> Manifest | None:
        from bot.stages.archive.pull import manifest_of  # few pull requests bring an archive.yaml

        with opened(site, dry_run=True) as github:
            return manifest_of(github, tag)

    return manifest


def _print_pull(report: PullReport, shown: Sequence[Finding]) -> None:
    for finding in shown:
        print(f"{finding}\n")
    print(report_as_text(report.projects, report.others))
    print(headline(shown, report.projects))


def _print_commands(shown: Sequence[Finding]) -> None:
    for finding in sorted(shown, key=lambda one: WEIGHT[one.severity]):
        print(github_command(finding))


def _print_text(report: CheckReport, findings: Sequence[Finding], shown: int) -> None:
    for pid, found in by_project(findings).items():
        print(f"{pid}\n")
        for finding in found:
            print(f"{finding}\n")
    if report.findings:
        print_table(HEAD, counts(report.findings))
        print()
    with_faults = len(by_project(report.findings))
    print(f"{len(report.pids)} projects checked, {with_faults} with findings, {len(report.findings)} findings")
    hidden = len(report.findings) - shown
    if hidden:
        print(f"{hidden} of them are less grave than what is shown; --severity info tells all")
    print(f"observation log: {report.log}" if report.log else NO_LOG)


def _as_json(report: CheckReport, shown: Sequence[Finding]) -> dict[str, object]:
    return {
        "projects": list(report.pids),
        "log": str(report.log) if report.log else None,
        "findings": [finding.as_json() for finding in shown],
        "counts": [dict(zip(HEAD, row, strict=True)) for row in counts(report.findings)],
    }
