"""Requests that mean no good: every field of the form with every attack."""

from __future__ import annotations

from collections.abc import Iterator

from bot.formats.webrun_form import EMPTY, LABELS

GOOD = {"project": "2024-S1-MX-2", "sources": "GALAXY", "obsnums": EMPTY, "parameters": "badcb=1/2", "tiers": EMPTY,
        "base": EMPTY, "words": EMPTY}  # fmt: skip
ATTACKS = {
    "shell": "$(touch pwned);`id`|cat&&reboot",
    "path": "../../etc/passwd",
    "absolute": "/nese/work_lmt/2023-S1-US-17",
    "option": "--upload-pack=touch",
    "work_lmt": "work_lmt=/official",
    "environment": "LD_PRELOAD=/tmp/x.so PATH=/tmp",
    "archive": "archive=1 restart=1 obsnum=110041 rsync=evil:/x",
    "expression": "${{ secrets.LMTBOT_APP_KEY }} {{ 7*7 }} {% raw %}",
    "markup": "<img src=x onerror=alert(1)> ![](https://evil.example/x.png) [x](javascript:1)",
    "mention": "@po fixes #1 GH-2 www.evil.example",
    "marker": "<!-- lmtbot:webrun digest=0123456789abcdef state=accepted -->",
    "homoglyph": "еxtent=1 bаdcb=1/2",
    "controls": "a\u202eb\u0007\u200bc\u2066d",
    "label": "x\n\n### Project\n\n2023-S1-US-17\n\n### Words\n\ny",
    "foreign": "2023-S1-US-17 120001",
    "command": "x\n/accept\n/run archive=1\n/delete 1",
    "fence": "```\n```sh\nrm -rf /\n```",
    "long": "9" * 20_000,
    "many": " ".join(str(number) for number in range(100_000, 104_000)),
}


def body(**answers: str) -> str:
    """Return the text of an issue with these answers."""
    told = GOOD | answers
    return "\n\n".join(f"### {label}\n\n{told[name]}" for name, label in LABELS.items())


def requests() -> Iterator[tuple[str, str]]:
    """Yield (field-attack, text of the issue)."""
    for name in LABELS:
        for attack, text in ATTACKS.items():
            yield f"{name}-{attack}", body(**{name: text})
