"""The command `lmtbot`: the table of verbs, the options that all of them share, and the boundary for errors."""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Final

from bot import __version__
from bot.errors import LmtBotError

EXIT_DONE, EXIT_MEND, EXIT_BUG, EXIT_INTERRUPTED = 0, 1, 3, 130

VERBS: Final = {
    "import": ("bot.cli.import_folder", "read today's lmtoy_PID folders into projects/"),
    "scan": ("bot.cli.scan", "find new raw data and write the observation log"),
    "last": ("bot.cli.last", "the newest of everything, and what is incomplete now"),
    "log": ("bot.cli.log", "search the observation log by its columns"),
    "arrivals": ("bot.cli.arrivals", "what the observation log has that the projects do not"),
    "arrive": ("bot.cli.arrive", "a pull request for each project with new observations"),
    "new": ("bot.cli.new", "begin a project before it has data"),
    "check": ("bot.cli.check", "tell every fault of the project files, with its cure"),
    "plan": ("bot.cli.plan", "the run lines that follow from a project, and their order"),
    "reconcile": ("bot.cli.reconcile", "make the results what main says: level 1, level 2, QA"),
    "qa": ("bot.cli.qa", "renew QA pull requests: worksheet, verdicts, lines of level 2"),
    "answer": ("bot.cli.answer", "carry out the commands in comments on a pull request"),
    "trial": ("bot.cli.trial", "make a trial that a DA asked for on a pull request"),
    "release": ("bot.cli.release", "make the next release of a project, which is archived"),
    "archive": ("bot.cli.archive", "send a release to the archive, and verify it"),
    "verify": ("bot.cli.verify", "compare what lies in the archive with what was sent"),
    "trace": ("bot.cli.trace", "from a deposit back to observations, commit, approver"),
    "webrun": ("bot.cli.webrun", "a PI's reduction with other parameters, in a session of its own"),
    "run": ("bot.cli.run", "run what has no good record yet"),
    "retry": ("bot.cli.retry", "hand what failed to Slurm once more"),
    "queue": ("bot.cli.queue", "what is with Slurm: who, which project, which commit"),
    "cancel": ("bot.cli.cancel", "end the jobs of a project that are with Slurm"),
    "quicklook": ("bot.cli.quicklook", "at the telescope: reduce what arrives, send the TAPs"),
    "status": ("bot.cli.status", "where every project stands"),
    "history": ("bot.cli.history", "what was run for a project, when, and how it ended"),
    "site": ("bot.cli.site", "pages to look at: projects, nights, observations, plots, pictures"),
    "digest": ("bot.cli.digest", "a night in words, for mail and for GitHub"),
    "taps": ("bot.cli.taps", "receive the quick looks that the telescope sends"),
    "install": ("bot.cli.install", "the service of the quick look: systemd or cron"),
    "schema": ("bot.cli.schema", "the JSON Schemas of the project files"),
    "doctor": ("bot.cli.doctor", "what is missing on this machine, and how to get it"),
    "sim": ("bot.cli.sim", "a telescope to practise with: raw files that arrive as the real ones do"),
    "sandbox": ("bot.cli.sandbox", "a GitHub of your own to practise on, with people whom you can be"),
    "demo": ("bot.cli.demo", "a night arrives, in a folder of its own, with simulated data"),
}
"""verb -> (module with EXAMPLES, add_arguments and run; one line of help). Listed by hand: nothing is scanned."""

ABOUT: Final = "Operate the reduction of LMT observations: projects are files, results follow from them."
MORE: Final = "lmtbot VERB --help shows a verb's options and examples. Exit: 0 done, 1 something to mend, 3 a bug."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    return guard(lambda: _dispatch(words))


def guard(action: Callable[[], int]) -> int:
    """Do it, and return its exit code; say what went wrong as all of lmtbot does."""
    try:
        return action()
    except LmtBotError as error:
        print(f"lmtbot: {error}", file=sys.stderr)
        return EXIT_MEND
    except KeyboardInterrupt:
        print("lmtbot: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_DONE
    except OSError as error:
        print(f"lmtbot: {_disk_words(error)}", file=sys.stderr)
        return EXIT_MEND
    except Exception:  # noqa: BLE001 - the one boundary: whatever is left is a bug of ours
        traceback.print_exc()
        print("lmtbot: this is a bug of lmtbot; please report it with the lines above", file=sys.stderr)
        return EXIT_BUG


def _disk_words(error: OSError) -> str:
    """Say what the disk refused: a file that nobody may read or a full disk is no bug of ours."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}; see who may read and write there, and whether the disk is full"


def _dispatch(words: list[str]) -> int:
    verb = next((word for word in words if word in VERBS), None) if words and words[0] in VERBS else None
    if verb is None:
        _overview().parse_args(words or ["--help"])
        return EXIT_DONE
    module = importlib.import_module(VERBS[verb][0])
    args = _parser_of(verb, module).parse_args(words[1:])
    _log_to_stderr(args.verbose - args.quiet)
    from bot.settings import find_site

    site = find_site(args.root, args.data, args.work, os.environ, trusted=getattr(args, "base", None))
    code: int = module.run(args, site)
    return code


def _overview() -> argparse.ArgumentParser:
    lines = "\n".join(f"  {verb:<10} {told}" for verb, (_, told) in VERBS.items())
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        "lmtbot", usage="lmtbot VERB [options]", description=f"{ABOUT}\n\n{lines}", epilog=MORE, formatter_class=form
    )
    parser.add_argument("--version", action="version", version=f"lmtbot {__version__}")
    parser.add_argument("verb", choices=list(VERBS), help=argparse.SUPPRESS)
    return parser


def _parser_of(verb: str, module: Any) -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    description = f"{(module.__doc__ or '').strip()}"
    epilog = "examples:\n" + "\n".join(f"  {line}" for line in module.EXAMPLES)
    parser = argparse.ArgumentParser(
        f"lmtbot {verb}", description=description, epilog=epilog, formatter_class=form, allow_abbrev=False
    )
    module.add_arguments(parser)
    shared = parser.add_argument_group("everywhere")
    shared.add_argument("--root", metavar="DIR", help="the repository (default: the one around this folder)")
    shared.add_argument("--data", metavar="DIR", help="raw data and observation log (default: $DATA_LMT)")
    shared.add_argument("--work", metavar="DIR", help="results (default: $WORK_LMT)")
    shared.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
    shared.add_argument("-v", "--verbose", action="count", default=0, help="say more on stderr")
    shared.add_argument("-q", "--quiet", action="count", default=0, help="say less on stderr")
    return parser


def _log_to_stderr(loudness: int) -> None:
    level = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}.get(loudness)
    if level is None:
        level = logging.DEBUG if loudness > 1 else logging.CRITICAL
    logging.basicConfig(level=level, format="lmtbot: %(message)s", stream=sys.stderr, force=True)
