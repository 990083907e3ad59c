"""Arguments -> stage. One file a verb; this is the only place where errors become exit codes.

0 done, 1 told what to mend, 2 wrong usage, 3 a bug of ours, 130 interrupted.
"""

from __future__ import annotations

from bot.cli.main import main

__all__ = ["main"]
