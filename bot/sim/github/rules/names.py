"""Names that GitHub takes."""

from __future__ import annotations

import re

REPO = re.compile(r"[A-Za-z0-9._-]{1,100}")


def is_repo_name(name: str) -> bool:
    """Tell whether a repository may be called so."""
    return REPO.fullmatch(name) is not None and name not in (".", "..") and not name.endswith((".git", ".wiki"))
