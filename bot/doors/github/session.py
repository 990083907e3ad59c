"""Single calls to GitHub's REST API: authentication and transport are PyGithub's, retries and counting are ours."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from github.GithubException import GithubException
from github.Requester import Requester
from requests.exceptions import RequestException

from bot.doors.github.retrying import NO_ANSWER, Answer, Patience, growing, wait_s
from bot.errors import DoorError

Json = Any
Page = tuple[Json, dict[str, str]]
"""An answer, and what its headers tell of the next page."""
PAGE = 100
MISSING = (404, 410)
ACCEPT = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class GitHubRefused(DoorError):
    """GitHub said no, or said nothing; `status` is HTTP's, 0 when no whole answer came."""

    def __init__(self, method: str, path: str, answer: Answer, told: Json = None) -> None:
        self.status = answer.status
        self.is_limited = answer.is_limited
        self.may_be_done = method not in ("GET", "HEAD") and answer.is_broken
        """The write may have been done all the same: look before it is sent again."""
        self.is_away = answer.is_limited or answer.is_broken
        """It will be otherwise later, whatever is asked for."""
        said = _words(answer, told)
        super().__init__(f"GitHub: {method} {path}: {said}{_cure(answer)}")


class Session:
    """Calls one repository's API in order; counts calls and writes. Not for several threads."""

    def __init__(
        self,
        requester: Requester,
        repository: str,
        patience: Patience,
        *,
        kept: dict[str, tuple[str, Page]] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._requester = requester
        self.repository = repository
        self.patience = patience
        self.kept = {} if kept is None else kept
        """{address: (ETag, answer)} of earlier calls; an unchanged answer does not count against the limit."""
        self._sleep = sleep
        self.calls = 0
        self.writes = 0

    def get(self, path: str, **parameters: str | int) -> Json:
        """Return an answer, from an earlier one where GitHub says that nothing changed. Raise GitHubRefused."""
        return self._conditional(_address(self._whole(path), parameters))[0]

    def find(self, path: str, *, looks: int = 1, **parameters: str | int) -> Json:
        """Return an answer, None where there is no such thing (404), or no longer (410).

        `looks`: how often it has to be missing, where believing a passing 404 would do harm.
        """
        for look in range(1, looks + 1):
            try:
                return self.get(path, **parameters)
            except GitHubRefused as refused:
                if refused.status not in MISSING:
                    raise
            if look < looks:
                self.pause(look)
        return None

    def pause(self, attempt: int) -> None:
        """Wait before something is looked at again: longer each time."""
        self._sleep(growing(self.patience.first_s, attempt))

    def pages(self, path: str, key: str = "", **parameters: str | int) -> Iterator[Json]:
        """Yield the items of a list, page by page; `key` names the list inside an answer that counts."""
        address: str | None = _address(self._whole(path), {"per_page": PAGE, **parameters})
        while address:
            found, headers = self._conditional(address)
            yield from found[key] if key else found
            address = _next(headers.get("link", ""))

    def send(self, method: str, path: str, body: Json = None) -> Json:
        """Make a change; return the answer. Raise GitHubRefused, which says whether it may be done all the same."""
        self.writes += 1
        return self._call(method, self._whole(path), body, {})[1]

    def upload(self, address: str, data: bytes, kind: str) -> Json:
        """Send the bytes of a file to a whole address; return the answer. Raise GitHubRefused."""
        self.calls, self.writes = self.calls + 1, self.writes + 1
        headers = {**ACCEPT, "Content-Type": kind, "Content-Length": str(len(data))}
        try:
            return self._requester.requestMemoryBlobAndCheck("POST", address, {}, headers, io.BytesIO(data))[1]
        except RequestException as error:
            answer = Answer(NO_ANSWER, {}, type(error).__name__)
        except GithubException as error:
            told = error.data.get("message", "") if isinstance(error.data, dict) else ""
            answer = Answer(error.status, {key.lower(): str(one) for key, one in (error.headers or {}).items()}, told)
        raise GitHubRefused("POST", address.partition("?")[0], answer)

    def download(self, path: str) -> str:
        """Return the text of a file; raise GitHubRefused."""
        self.calls += 1
        address, accept = self._whole(path), {**ACCEPT, "Accept": "application/octet-stream"}
        try:
            status, headers, text = self._requester.requestJson(
                "GET", address, None, accept, None, follow_302_redirect=True
            )
        except RequestException as error:
            raise GitHubRefused("GET", path, Answer(NO_ANSWER, {}, type(error).__name__)) from error
        except GithubException as error:
            raise GitHubRefused("GET", path, _of_token(error)) from error
        if status != 200:
            raise GitHubRefused("GET", path, Answer(status, {key: str(one) for key, one in headers.items()}, ""))
        return text

    def _whole(self, path: str) -> str:
        """Return an address; what does not begin with a slash is below the repository."""
        return path if path.startswith("/") else f"/repos/{self.repository}/{path}".rstrip("/")

    def _conditional(self, address: str) -> Page:
        tag, known = self.kept.get(address, ("", (None, {})))
        headers, found = self._call("GET", address, None, {"If-None-Match": tag} if tag else {})
        if headers[":status"] == "304":
            return known
        value = (found, {"link": headers.get("link", "")})
        if headers.get("etag"):
            self.kept[address] = (headers["etag"], value)
        return value

    def _call(self, method: str, address: str, body: Json, extra: dict[str, str]) -> tuple[dict[str, str], Json]:
        attempt = 1
        while True:
            answer, told = self._once(method, address, body, extra)
            if answer.status == 304 or 200 <= answer.status < 300:
                return {**answer.headers, ":status": str(answer.status)}, told
            wanted = wait_s(answer, method, attempt, self.patience, time.time())
            if wanted is None:
                raise GitHubRefused(method, address, answer, told)
            logging.info("GitHub: %s %s: %s; again in %.1f s", method, address, _words(answer, told), wanted)
            self._sleep(wanted)
            attempt += 1

    def _once(self, method: str, address: str, body: Json, extra: dict[str, str]) -> tuple[Answer, Json]:
        self.calls += 1
        try:
            status, headers, text = self._requester.requestJson(method, address, None, {**ACCEPT, **extra}, body)
            told = json.loads(text) if text else None
        except RequestException as error:
            return Answer(NO_ANSWER, {}, f"{type(error).__name__}"), None
        except GithubException as error:  # PyGithub renews the App's token by itself, and raises where that fails
            return _of_token(error), None
        except ValueError:  # half a body
            return Answer(NO_ANSWER, {}, "the answer is cut off"), None
        message = str(told.get("message", "")) if isinstance(told, dict) else ""
        return Answer(status, {str(key): str(value) for key, value in headers.items()}, message), told


def _of_token(error: GithubException) -> Answer:
    """Return what a call has come to that got no token: it was not made, so that a 404 says nothing of its object."""
    told = error.data.get("message", "") if isinstance(error.data, dict) else ""
    status = error.status if error.status in (401, 403, 429) else NO_ANSWER
    headers = {key.lower(): str(value) for key, value in (error.headers or {}).items()}
    return Answer(status, headers, f"no token for the App: {error.status} {told}")


def _address(path: str, parameters: dict[str, str | int]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _next(link: str) -> str | None:
    """Return the address of the next page from a Link header, as a path with its question."""
    for part in link.split(","):
        address, _, rest = part.strip().partition(";")
        if 'rel="next"' in rest:
            parts = urlsplit(address.strip("<> "))
            path = parts.path.partition("/api/v3")[2] or parts.path
            return f"{path}?{parts.query}"
    return None


def _words(answer: Answer, told: Json) -> str:
    if answer.status == NO_ANSWER:
        return f"no whole answer ({answer.message})"
    errors = told.get("errors") if isinstance(told, dict) else None
    more = "; ".join(str(one.get("message") or one) if isinstance(one, dict) else str(one) for one in errors or ())
    return f"{answer.status} {answer.message}" + (f" ({more})" if more else "")


def _cure(answer: Answer) -> str:
    if answer.status == 401:
        return "; the token or the App's key is wrong or has expired"
    if answer.is_limited:
        return "; GitHub asks to wait, run again later"
    if answer.status in (403, 404):
        return "; if it exists, the bot's account or App lacks the permission (docs/github.md lists them)"
    if answer.is_broken:
        return "; GitHub or the way to it is broken, run again later"
    return ""
