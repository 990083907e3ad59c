"""Names of files as text. The disk may hold bytes that are no UTF-8; Python tells them as surrogates (PEP 383)."""

from __future__ import annotations


def shown_name(name: str) -> str:
    r"""Return a name from the disk with those of its bytes escaped that are no UTF-8: `x\xff`; others as they are."""
    return name if name.isascii() else name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_text(name: str) -> bool:
    """Say whether a name from the disk can go into texts, pages and indexes as it is."""
    return shown_name(name) == name
