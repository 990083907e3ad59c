"""What we do with a repository on GitHub. Every write is an "ensure": read, compare, write what is missing.

A write of which no answer came is looked up before it is made again, so that nothing stands twice. Files of a change
go in one tree and one commit, whatever their number.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from bot.doors.github import shapes
from bot.doors.github.session import GitHubRefused, Session
from bot.errors import DoorError, ProjectError
from bot.formats.marker import read_marker
from bot.model.github import Check, Comment, Commit, Labelled, Place, Pull, Review, Topic

T = TypeVar("T")
LOOKS = 3
"""How often a write is made of which nobody knows whether it was done, and a no is asked for that would do harm."""


class Moved(DoorError):
    """Somebody else moved the branch meanwhile; read it again and decide anew."""


class GitHub:
    """One repository, seen by the bot."""

    def __init__(self, session: Session, place: Place) -> None:
        self.session = session
        self.place = place

    # what is there

    def open_pulls(self, prefix: str = "") -> list[Pull]:
        """Return the open pull requests towards main whose branch in this repository begins with the prefix."""
        pulls = map(shapes.pull, self.session.pages("pulls", state="open", base=self.place.main))
        return [one for one in pulls if one.is_own and one.branch.startswith(prefix)]

    def pull(self, number: int) -> Pull:
        """Return one pull request; raise GitHubRefused when there is none."""
        return shapes.pull(self.session.get(f"pulls/{number}"))

    def pulls_of_branch(self, branch: str) -> list[Pull]:
        """Return all pull requests, closed ones too, from a branch of this repository, the newest first."""
        head = f"{self.place.owner}:{branch}"
        return [shapes.pull(one) for one in self.session.pages("pulls", state="all", head=head, base=self.place.main)]

    def pulls_of_commit(self, commit: str) -> list[Pull]:
        """Return the pull requests by which a commit came onto main."""
        pulls = map(shapes.pull, self.session.pages(f"commits/{commit}/pulls"))
        return [one for one in pulls if one.is_merged and one.base == self.place.main]

    def commits(self, number: int) -> list[str]:
        """Return the commits of a pull request, oldest first (GitHub lists 250 at most)."""
        return [one["sha"] for one in self.session.pages(f"pulls/{number}/commits")]

    def reviews(self, number: int) -> list[Review]:
        """Return the reviews of a pull request, oldest first."""
        return [shapes.review(one) for one in self.session.pages(f"pulls/{number}/reviews")]

    def comments(self, number: int) -> list[Comment]:
        """Return the comments on an issue or pull request, oldest first."""
        return [shapes.comment(one) for one in self.session.pages(f"issues/{number}/comments")]

    def topics(self, state: str = "all", *, since: str = "", label: str = "") -> list[Topic]:
        """Return issues and pull requests, the newest first; `since` (UT): only what changed then or later."""
        narrowed = {name: value for name, value in (("since", since), ("labels", label)) if value}
        return [shapes.topic(one) for one in self.session.pages("issues", state=state, **narrowed)]

    def topic(self, number: int) -> Topic:
        """Return an issue, or what a pull request has in common with one; raise GitHubRefused when there is none."""
        return shapes.topic(self.session.get(f"issues/{number}"))

    def has_topic(self, number: int) -> bool:
        """Say whether there is such an issue or pull request; one may be deleted, or moved elsewhere."""
        return self.session.find(f"issues/{number}", looks=LOOKS) is not None

    def labelled(self, number: int) -> list[Labelled]:
        """Return who put which labels on an issue, oldest first."""
        events = self.session.pages(f"issues/{number}/events")
        return [shapes.labelled(one) for one in events if one["event"] == "labeled"]

    def tip(self, branch: str) -> str:
        """Return the commit at the tip of a branch, "" if there is no such branch."""
        found = self.session.find(f"git/ref/heads/{quote(branch)}")
        return found["object"]["sha"] if found else ""

    def text(self, path: str, commit: str) -> str:
        """Return the text of a file at a commit, "" if it is not there; raise ProjectError when it is no text."""
        folder, _, name = path.rpartition("/")
        return self.texts(folder, (name,), commit)[name]

    def texts(self, folder: str, names: Collection[str], commit: str) -> dict[str, str]:
        """Return the texts of these files of a folder at a commit, "" for those that are not there.

        The folder tells what is there and a blob says it, so that no passing 404 makes a file look empty. Raise
        ProjectError when one is no text.
        """
        blobs = self.blobs(folder, commit)
        if odd := [name for name in names if name in blobs and not blobs[name]]:
            raise ProjectError(f"{folder}/{odd[0]} at {commit[:7]} is no plain file; put one there")
        return {
            name: self._blob(blobs[name], f"{folder}/{name} at {commit[:7]}") if name in blobs else "" for name in names
        }

    def blobs(self, folder: str, commit: str) -> dict[str, str]:
        """Return {name: blob} of a folder at a commit or branch; what is no plain file has the blob ""."""
        found = self.session.find(f"contents/{quote(folder)}", looks=LOOKS, ref=commit) or []
        if not isinstance(found, list):
            raise ProjectError(f"{folder} at {commit[:7]} is no folder; put one there")
        return {one["name"]: one["sha"] if one["type"] == "file" else "" for one in found}

    def _blob(self, sha: str, told: str) -> str:
        try:
            return base64.b64decode(self.session.get(f"git/blobs/{sha}")["content"]).decode("utf-8")
        except ValueError as error:
            raise ProjectError(f"{told} is no UTF-8 text; write it anew") from error

    def is_member(self, team: str, login: str) -> bool:
        """Say whether a person is an active member of a team of the organisation."""
        path = f"/orgs/{self.place.owner}/teams/{quote(team)}/memberships/{quote(login)}"
        found = self.session.find(path, looks=2)  # a no turns somebody away
        return bool(found) and found.get("state") == "active"

    def own(self, author: str) -> bool:
        """Say whether the bot wrote it: markers of others count for nothing."""
        return author.lower() == self.place.bot.lower()

    # branches and files

    def commit(self, branch: str, parents: tuple[str, ...], files: Mapping[str, str | None], message: str) -> str:
        """Put files (path -> text, None: away) on a branch as one commit; return it. A missing branch is made.

        Raise Moved when the branch is no longer at the first parent (a new branch: when somebody made it).
        """
        tree = self.session.get(f"git/commits/{parents[0]}")["tree"]["sha"]
        entries = [_entry(path, text) for path, text in sorted(files.items())]
        made = self._made("git/trees", {"base_tree": tree, "tree": entries})
        body = {"message": message, "tree": made["sha"], "parents": list(parents)}
        commit = str(self._made("git/commits", body)["sha"])
        self._move(branch, commit)
        return commit

    def merge_main_into(self, branch: str) -> str | None:
        """Merge main into a branch as git does; return its tip then, None on a conflict."""
        main = self.place.main
        body = {"base": branch, "head": main, "commit_message": f"Merge {main} into {branch}"}
        for left in reversed(range(LOOKS)):  # merged already, it merges nothing twice
            try:
                found = self._made("merges", body)
                return found["sha"] if found else self.tip(branch)  # it had all, maybe since a call without answer
            except GitHubRefused as refused:
                if refused.status != 409:
                    raise
                if left:
                    self.session.pause(LOOKS - left)
        return None

    def commit_with(self, branch: str, message: str) -> Commit | None:
        """Return the newest commit of the bot on a branch, of its last hundred, that has just this message."""
        found = self.session.get("commits", sha=branch, per_page=100)
        commits = (shapes.commit(one) for one in found)
        return next((one for one in commits if one.message == message and self.own(one.author)), None)

    def delete_branch(self, branch: str) -> None:
        """Take a branch away; one that is gone is gone."""
        try:
            self.session.send("DELETE", f"git/refs/heads/{quote(branch)}")
        except GitHubRefused as refused:
            if refused.status not in (404, 422) or self.tip(branch):
                raise

    def _made(self, path: str, body: Any) -> Any:
        """Make a git object: the same content has the same name, so that it may be made twice."""
        return self._sure(lambda: self.session.send("POST", path, body), lambda: None)

    def _move(self, branch: str, new: str) -> None:
        """Bring a branch forward to `new`; a branch that is not there is made."""
        if not self.tip(branch):
            self._sure(lambda: self._make_ref(branch, new), lambda: self.tip(branch) == new)
            return
        try:
            self.session.send("PATCH", f"git/refs/heads/{quote(branch)}", {"sha": new, "force": False})
        except GitHubRefused as refused:
            if self.tip(branch) == new:
                return
            if refused.status in (404, 409, 422):
                raise Moved(f"branch {branch} was moved by somebody else; it is read again") from refused
            raise

    def _make_ref(self, branch: str, commit: str) -> None:
        try:
            self.session.send("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
        except GitHubRefused as refused:
            if refused.status == 422 and self.tip(branch) != commit:
                raise Moved(f"branch {branch} was made by somebody else; it is read again") from refused
            if refused.status != 422:
                raise

    # pull requests

    def ensure_pull(self, known: Pull | None, branch: str, title: str, body: str) -> Pull:
        """Have an open pull request from this branch with this title and body. `known`: it as it is, None if new."""
        if known is None:
            known = self._sure(lambda: self._open_pull(branch, title, body), lambda: self._find_pull(branch))
        if (known.title, known.body) == (title, body):
            return known
        return shapes.pull(self.session.send("PATCH", f"pulls/{known.number}", {"title": title, "body": body}))

    def close_pull(self, pull: Pull, body: str) -> None:
        """Close a pull request with its last words, and take its branch away; open, it is found by the next pass."""
        self.session.send("PATCH", f"pulls/{pull.number}", {"body": body})
        self.delete_branch(pull.branch)
        self.session.send("PATCH", f"pulls/{pull.number}", {"state": "closed"})

    def ensure_labels(self, thread: Pull | Topic, labels: Iterable[str]) -> None:
        """Put labels on a pull request or issue, beside those that it has."""
        missing = [label for label in labels if label not in thread.labels]
        if missing:
            path = f"issues/{thread.number}/labels"
            self._sure(lambda: self.session.send("POST", path, {"labels": missing}), lambda: None)

    def ensure_reviewers(self, pull: Pull, users: Iterable[str], teams: Iterable[str]) -> None:
        """Ask for reviews that are not asked for yet; GitHub refuses the author and strangers, which is only told."""
        known = set(pull.reviewers)
        wanted = [("reviewers", one) for one in users if one not in known and one.lower() != pull.author.lower()]
        wanted += [("team_reviewers", one) for one in teams if one not in known]
        if wanted and not self._ask_review(pull, wanted):
            for one in wanted:  # GitHub refuses all for the sake of one
                self._ask_review(pull, [one])

    def _ask_review(self, pull: Pull, wanted: Iterable[tuple[str, str]]) -> bool:
        body: dict[str, list[str]] = {"reviewers": [], "team_reviewers": []}
        for kind, name in wanted:
            body[kind].append(name)
        path = f"pulls/{pull.number}/requested_reviewers"
        try:
            self._sure(lambda: self.session.send("POST", path, body), lambda: None)
        except GitHubRefused as refused:
            if refused.status not in (403, 404, 422) or refused.is_limited:
                raise
            logging.warning("no review could be asked for on #%d: %s", pull.number, refused)
            return False
        return True

    def _open_pull(self, branch: str, title: str, body: str) -> Pull:
        told = {"title": title, "body": body, "head": branch, "base": self.place.main}
        try:
            return shapes.pull(self.session.send("POST", "pulls", told))
        except GitHubRefused as refused:
            found = self._find_pull(branch) if refused.status == 422 else None  # it was there already
            if found is None:
                raise
            return found

    def _find_pull(self, branch: str) -> Pull | None:
        found = self.session.get("pulls", state="open", head=f"{self.place.owner}:{branch}", base=self.place.main)
        return shapes.pull(found[0]) if found else None

    # issues

    def ensure_issue(self, title: str, body: str, *, label: str, since: str, kind: str, **values: str | int) -> Topic:
        """Have an issue of ours with this marker, title and text; it has not changed before `since` (UT).

        A person may close it: it is edited, not opened again.
        """
        wanted = {key: str(value) for key, value in values.items()}

        def ours() -> list[Topic]:
            return [one for one in self.topics(since=since, label=label) if self._is_ours(one, kind, wanted)]

        found = ours()
        if not found:
            new = {"title": title, "body": body, "labels": [label]}
            found = self._sure(lambda: [shapes.topic(self.session.send("POST", "issues", new))], ours)
        first = found[-1]  # who opens one at the same time keeps the same one
        if (first.title, first.body) == (title, body):
            return first
        return shapes.topic(self.session.send("PATCH", f"issues/{first.number}", {"title": title, "body": body}))

    def close_issue(self, topic: Topic) -> None:
        """Close an issue."""
        self.session.send("PATCH", f"issues/{topic.number}", {"state": "closed", "state_reason": "completed"})

    # comments, reactions, checks

    def ensure_comment(self, number: int, kind: str, body: str, **values: str | int) -> str:
        """Have exactly one comment of ours with this marker, and this text; return its address."""
        wanted = {key: str(value) for key, value in values.items()}

        def ours() -> list[Comment]:
            return [one for one in self.comments(number) if self._is_ours(one, kind, wanted)]

        found = ours()
        if not found:
            path = f"issues/{number}/comments"
            made = self._sure(lambda: [shapes.comment(self.session.send("POST", path, {"body": body}))], ours)
            found = ours() or made  # who writes it at the same time sees both too, and keeps the same one
        for twin in found[1:]:
            self._delete_comment(twin)
        if found[0].body != body:
            self.session.send("PATCH", f"issues/comments/{found[0].id}", {"body": body})
        return found[0].url

    def _delete_comment(self, comment: Comment) -> None:
        try:
            self.session.send("DELETE", f"issues/comments/{comment.id}")
        except GitHubRefused as refused:
            if refused.status != 404:
                raise

    def _is_ours(self, said: Comment | Topic, kind: str, wanted: Mapping[str, str]) -> bool:
        found = read_marker(said.body, kind) if self.own(said.author) else None
        return found is not None and wanted.items() <= found.items()

    def react(self, comment: Comment, content: str) -> None:
        """Put a reaction on a comment; GitHub keeps one of a kind a person. A deleted one gets none."""
        path = f"issues/comments/{comment.id}/reactions"
        for look in range(1, LOOKS + 1):  # a passing 404 would leave the comment without one for ever
            try:
                self._sure(lambda: self.session.send("POST", path, {"content": content}), lambda: None)
                return
            except GitHubRefused as refused:
                if refused.status != 404:
                    raise
            if look < LOOKS:
                self.session.pause(look)

    def ensure_check(self, commit: str, check: Check) -> None:
        """Have this check on a commit. Only Apps have check runs; with a plain token it becomes a commit status."""
        try:
            self._check_run(commit, check)
        except GitHubRefused as refused:
            if refused.status != 403 or refused.is_limited:
                raise
            self._status(commit, check)

    def _check_run(self, commit: str, check: Check) -> None:
        body = shapes.check_body(check)

        def find() -> Any:
            runs = self.session.pages(
                f"commits/{commit}/check-runs", "check_runs", check_name=check.name, filter="latest"
            )
            return next((run for run in runs if self.own(f"{(run.get('app') or {}).get('slug')}[bot]")), None)

        known = find()
        if known is None:
            new = {"name": check.name, "head_sha": commit, **body}
            known = self._sure(lambda: self.session.send("POST", "check-runs", new), find)
        if not shapes.is_check(known, body):
            self.session.send("PATCH", f"check-runs/{known['id']}", body)

    def _status(self, commit: str, check: Check) -> None:
        body = shapes.status_body(check)
        found = self.session.get(f"commits/{commit}/status")
        known = [one for one in found["statuses"] if one["context"] == check.name]
        if not known or any(known[0].get(key) != body[key] for key in ("state", "description")):
            self._sure(lambda: self.session.send("POST", f"statuses/{commit}", body), lambda: None)

    def dispatch(self, event: str, payload: Mapping[str, Any]) -> None:
        """Start the workflows that wait for this event; they look for themselves what is to be done."""
        body = {"event_type": event, "client_payload": dict(payload)}
        self._sure(lambda: self.session.send("POST", "dispatches", body), lambda: None)

    def _sure(self, write: Callable[[], T], find: Callable[[], Any]) -> T:
        """Make a write; where no answer came, look whether it was done before it is made again."""
        for attempt in range(1, LOOKS + 1):
            try:
                return write()
            except GitHubRefused as refused:
                if not refused.may_be_done:
                    raise
                self.session.pause(attempt)  # it may be at work on it still
                if found := find():
                    return found  # type: ignore[no-any-return]
                if attempt == LOOKS:
                    raise
        raise AssertionError("unreachable")


def _entry(path: str, text: str | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"path": path, "mode": "100644", "type": "blob"}
    return entry | ({"sha": None} if text is None else {"content": text})
