"""People at the simulated GitHub: they look, comment, approve and merge by its API, and wait for what workflows do."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from bot.errors import DoorError
from bot.sim.github.seed import token_of

POLL_S = 0.3
QUIET_POLLS = 3
"""So many looks in a row have to find nothing under way before it is over."""


@dataclass(frozen=True)
class People:
    """Everybody of one repository; `patience_s` is how long a workflow may take."""

    address: str
    repository: str
    patience_s: float = 240

    def ask(self, login: str, method: str, path: str, body: Any = None) -> Any:
        """Call the API below the repository as somebody; raise DoorError with GitHub's words when it refuses."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.address}/repos/{self.repository}/{path}".rstrip("/")
        request = Request(url, data, {"Authorization": f"Bearer {token_of(login)}"}, method=method)  # noqa: S310
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except HTTPError as error:
            raise DoorError(f"{login}: {method} {path}: {error.code} {error.read().decode()}") from error

    def pull_of(self, branch: str) -> dict[str, Any]:
        """Return the open pull request from a branch."""
        found = [one for one in self.ask("po", "GET", "pulls?per_page=100") if one["head"]["ref"] == branch]
        if not found:
            raise DoorError(f"there is no open pull request from {branch}")
        return dict(found[0])

    def comments(self, number: int) -> list[str]:
        """Return the texts of all comments on a pull request."""
        return [str(one["body"]) for one in self.ask("po", "GET", f"issues/{number}/comments?per_page=100")]

    def checks(self, commit: str) -> dict[str, str]:
        """Return {check: conclusion} of a commit."""
        runs = self.ask("po", "GET", f"commits/{commit}/check-runs?per_page=100")["check_runs"]
        return {run["name"]: run["conclusion"] or run["status"] for run in runs}

    def after(self, deed: Callable[[], Any], *workflows: str) -> list[str]:
        """Do something and wait until these workflows have run and nothing is under way; return what ran, and how."""
        before = Counter(run["name"] for run in self._runs() if run["status"] == "completed")
        known = {(run["id"], run["run_attempt"]) for run in self._runs()}
        deed()
        ends, quiet = time.monotonic() + self.patience_s, 0
        while quiet < QUIET_POLLS:
            if time.monotonic() > ends:
                raise DoorError(
                    f"{', '.join(workflows)}: not over after {self.patience_s:g} s; see {self.address}/actions"
                )
            time.sleep(POLL_S)
            runs = self._runs()
            over = Counter(run["name"] for run in runs if run["status"] == "completed")
            is_over = len(runs) == over.total() and all(over[name] > before[name] for name in workflows)
            quiet = quiet + 1 if is_over else 0
        new = [run for run in self._runs() if (run["id"], run["run_attempt"]) not in known]
        return [f"{run['name']}: {run['conclusion']}" for run in reversed(new)]

    def _runs(self) -> list[dict[str, Any]]:
        return list(self.ask("po", "GET", "actions/runs?per_page=100")["workflow_runs"])
