"""The story goes on: the PI asks for a reduction with other parameters, compares it, and has it promoted."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from bot.formats.webrun_form import form_text
from bot.model.project import Parameters
from bot.model.webrun import WebrunRequest
from bot.sim.story.gh import gh
from bot.sim.story.loop import PID, Loop

OBSNUM = 117349
WORDS = ("extent=300", "rms_cut=-3")
WISH = "I need the centre only, without the noisiest spectra."


@dataclass
class Webrunning(Loop):
    """Plays it on a project whose results are there."""

    folder: Path = Path()
    """Where the text of the issue is written."""

    def play(self) -> str:
        """Play it to its end; return the branch of the pull request that waits for the DA."""
        number = self._ask()
        self._compare(number)
        return self._hand_on(number)

    def _ask(self) -> int:
        self.told.step("The PI wants it otherwise, and says so in the form of an issue; a session of its own is made.")
        wish = WebrunRequest(project=PID, obsnums=(OBSNUM,), parameters=Parameters(WORDS), words=WISH)
        text = self.folder / "webrun.md"
        text.write_text(form_text(wish), encoding="utf-8")
        self.told.paper("pi writes an issue", text.read_text(encoding="utf-8"))
        words = ("api", f"repos/{self.people.repository}/issues", "-f", "title=webrun", "-F", f"body=@{text}")
        told: list[str] = []
        typed = shlex.join((*words[:-1], "body=@webrun.md", "--jq", ".number"))
        ran = self._after(lambda: told.append(gh(self.people, self.folder, "pi", *words, "--jq", ".number")), "webrun")
        self.told.terminal(f"gh {typed}", told[0])
        self.told.say(f"ran: {'; '.join(ran)}")
        number = int(told[0])
        self.told.paper("The bot understood", self._comment(number, "lmtbot:webrun "))
        return number

    def _compare(self, number: int) -> None:
        self.told.paper("The results, beside the official ones", self._comment(number, "lmtbot:webrun-result"))
        self.told.terminal(f"lmtbot webrun list {PID}", self.lmtbot("webrun", "list", PID))

    def _hand_on(self, number: int) -> str:
        self.told.step("The PI likes it: /promote makes a pull request of it for the DA.")
        self._comment_as("pi", number, "/promote", "comment", "check")
        pull = self.people.pull_of(f"promote/{PID}-1")
        self.told.paper(f"#{pull['number']} {pull['title']}", pull["body"])
        self._must(pull["head"]["sha"], "check", "success")
        self._show()
        return str(pull["head"]["ref"])
