"""The true `gh`, as a person of the story would type it, led to the simulated GitHub."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from bot.errors import DoorError
from bot.sim.github.seed import token_of
from bot.sim.story.people import People


def gh(people: People, folder: Path, login: str, *words: str) -> str:
    """Run gh as somebody, with a home in this folder; return what it prints. Raise DoorError when it fails."""
    program = Path(sys.executable).with_name("gh")
    found = str(program) if program.exists() else shutil.which("gh")
    if found is None:
        raise DoorError("gh is not installed; pip install 'lmtoy-run[github-sim]'")
    told = {
        "GH_HOST": "github.localhost", "GH_TOKEN": token_of(login), "HTTP_PROXY": people.address,
        "NO_PROXY": "127.0.0.1", "GH_REPO": f"github.localhost/{people.repository}",
        "GH_CONFIG_DIR": str(folder / "gh"), "GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1",
        "HOME": str(folder), "PATH": os.environ.get("PATH", os.defpath),
    }  # fmt: skip
    done = subprocess.run([found, *words], env=told, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DoorError(f"`gh {shlex.join(words)}` ended with {done.returncode}: {done.stderr}")
    return done.stdout
