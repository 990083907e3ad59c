"""A bare repository, in process: reads objects and history, makes objects, moves refs with their old value.

Merges are not made here: `program` asks the git program. Shas are text of 40 hex digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, ObjectType, SortMode

NO_SHA = "0" * 40
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
STATUS_WORDS = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "removed",
    DeltaStatus.MODIFIED: "modified",
    DeltaStatus.RENAMED: "renamed",
    DeltaStatus.COPIED: "copied",
    DeltaStatus.TYPECHANGE: "changed",
}


class RefMoved(Exception):
    """The ref does not stand where the caller thought."""


@dataclass(frozen=True)
class Signature:
    """Who, and when in seconds since 1970."""

    name: str
    email: str
    time: int


@dataclass(frozen=True)
class FileChange:
    """One file of a difference."""

    path: str
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None
    previous: str | None


@dataclass(frozen=True)
class TreeEdit:
    """One change of a tree: `sha` None removes the path."""

    path: str
    sha: str | None
    mode: int = 0o100644


class Repository:
    """One bare repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raw = pygit2.Repository(str(folder))

    # refs

    def ref(self, name: str) -> str | None:
        """Return what a full ref points to (a tag object for an annotated tag), or None."""
        found = self.raw.references.get(name) if pygit2.reference_is_valid_name(name) else None
        return str(found.resolve().target) if found else None

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return full name -> sha of all refs below the prefix, by name."""
        names = sorted(name for name in self.raw.references if name.startswith(prefix))
        return {name: sha for name in names if (sha := self.ref(name))}

    def move(self, name: str, new: str, old: str, *, by: Signature, why: str) -> None:
        """Create (`old` is NO_SHA), move or delete (`new` is NO_SHA) a ref; raise RefMoved when it is not at `old`."""
        self.raw.set_ident(by.name, by.email)
        try:
            if old == NO_SHA:
                self.raw.create_reference(name, new, False, why)
                return
            found = self.raw.references.get(name)
            if found is None or str(found.target) != old:
                raise RefMoved(name)
            if new == NO_SHA:
                found.delete()
            else:
                found.set_target(new, why)
        except (pygit2.GitError, ValueError) as error:
            raise RefMoved(f"{name}: {error}") from error

    def resolve(self, text: str) -> str | None:
        """Return the commit that a branch, tag, ref or (short) sha names, or None."""
        for name in (text, f"refs/{text}", f"refs/heads/{text}", f"refs/tags/{text}"):
            if name.startswith("refs/") and (sha := self.ref(name)):
                return self.peel(sha)
        return self.peel(text)

    def peel(self, sha: str) -> str | None:
        """Return the commit behind a sha of a commit or tag object; None when there is none."""
        try:
            return str(self.raw[sha].peel(pygit2.Commit).id)
        except (KeyError, ValueError, pygit2.InvalidSpecError, pygit2.GitError):
            return None

    # objects

    def kind(self, sha: str) -> str | None:
        """Return commit, tree, blob or tag; None when there is no such object."""
        try:
            return {1: "commit", 2: "tree", 3: "blob", 4: "tag"}[self.raw[sha].type]
        except (KeyError, ValueError):
            return None

    def commit(self, sha: str) -> pygit2.Commit:
        """Return the commit, which exists."""
        found = self.raw[sha]
        if not isinstance(found, pygit2.Commit):
            raise KeyError(f"{sha} is no commit")
        return found

    def tree(self, sha: str) -> pygit2.Tree:
        """Return the tree, or that of a commit; it exists."""
        return self.raw[sha].peel(pygit2.Tree)

    def blob(self, sha: str) -> bytes:
        """Return the bytes of a blob, which exists."""
        return self.raw[sha].peel(pygit2.Blob).data

    def tag(self, sha: str) -> pygit2.Tag | None:
        """Return the tag object, or None when the sha is something else."""
        found = self.raw.get(sha)
        return found if isinstance(found, pygit2.Tag) else None

    def entry(self, commit: str, path: str) -> pygit2.Object | None:
        """Return the blob or tree at a path of a commit, or None."""
        tree = self.tree(commit)
        if not path:
            return tree
        try:
            return tree[path]
        except KeyError:
            return None

    def id_at(self, commit: str, path: str) -> str | None:
        """Return the sha of what is at a path of a commit, or None."""
        found = self.entry(commit, path)
        return str(found.id) if found is not None else None

    def text(self, commit: str, path: str) -> str | None:
        """Return a file of a commit as text, or None."""
        found = self.entry(commit, path)
        return found.data.decode(errors="replace") if isinstance(found, pygit2.Blob) else None

    def write_blob(self, data: bytes) -> str:
        """Store bytes; return the sha."""
        return str(self.raw.create_blob(data))

    def write_commit(
        self, tree: str, parents: Sequence[str], message: str, *, author: Signature, committer: Signature
    ) -> str:
        """Store a commit; no ref moves."""
        people = [pygit2.Signature(who.name, who.email, who.time, 0, "utf-8") for who in (author, committer)]
        return str(
            self.raw.create_commit(None, people[0], people[1], message, tree, [pygit2.Oid(hex=p) for p in parents])
        )

    def write_tag(self, name: str, target: str, message: str, tagger: Signature) -> str:
        """Store a tag object; no ref moves."""
        kind = ObjectType(self.raw[target].type)
        text = f"object {target}\ntype {kind.name.lower()}\ntag {name}\n"
        text += f"tagger {tagger.name} <{tagger.email}> {tagger.time} +0000\n\n{message}\n"
        return str(self.raw.write(ObjectType.TAG, text.encode()))

    def edit_tree(self, base: str | None, edits: Iterable[TreeEdit]) -> str:
        """Return the tree that follows from a base tree (None: an empty one) and edits at any depth."""
        folders: dict[str, list[TreeEdit]] = {}
        builder = self.raw.TreeBuilder(self.tree(base)) if base else self.raw.TreeBuilder()
        for edit in edits:
            first, slash, rest = edit.path.partition("/")
            if slash:
                folders.setdefault(first, []).append(TreeEdit(rest, edit.sha, edit.mode))
            elif edit.sha is not None:
                builder.insert(first, edit.sha, edit.mode)
            elif builder.get(first) is not None:
                builder.remove(first)
        for name, below in folders.items():
            known = builder.get(name)
            sub = self.edit_tree(str(known.id) if isinstance(known, pygit2.Tree) else None, below)
            if sub != EMPTY_TREE:
                builder.insert(name, sub, 0o040000)
            elif known is not None:
                builder.remove(name)
        return str(builder.write())

    # history

    def parents(self, sha: str) -> list[str]:
        """Return the parents of a commit."""
        return [str(parent) for parent in self.commit(sha).parent_ids]

    def merge_base(self, one: str, other: str) -> str | None:
        """Return the best common ancestor, or None."""
        found = self.raw.merge_base(one, other)
        return str(found) if found else None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Tell whether one commit is the other or behind it."""
        if ancestor == descendant or ancestor in self.parents(descendant):
            return True  # what is asked nearly always; libgit2 would walk the history
        return self.raw.descendant_of(descendant, ancestor)

    def ahead_behind(self, head: str, base: str) -> tuple[int, int]:
        """Return how many commits `head` has that `base` has not, and the other way round."""
        return self.raw.ahead_behind(head, base)

    def history(
        self, start: str, *, without: Iterable[str] = (), oldest_first: bool = False
    ) -> Iterator[pygit2.Commit]:
        """Walk the commits that can be reached from `start` and not from `without`."""
        order = SortMode.TOPOLOGICAL | (SortMode.REVERSE if oldest_first else SortMode.TIME)
        walker = self.raw.walk(start, order)
        for sha in without:
            walker.hide(sha)
        return iter(walker)

    def changes(self, old: str | None, new: str) -> list[FileChange]:
        """Return the files that differ between two commits or trees; `old` None is the empty tree."""
        before = self.tree(old) if old else None
        after = self.tree(new)
        diff = before.diff_to_tree(after) if before is not None else after.diff_to_tree(swap=True)
        diff.find_similar()
        return [_file_change(patch) for patch in diff if patch is not None]

    def patch_text(self, old: str, new: str) -> str:
        """Return the difference as text that `git apply` takes."""
        return self.tree(old).diff_to_tree(self.tree(new)).patch or ""


def _file_change(patch: pygit2.Patch) -> FileChange:
    delta = patch.delta
    status = STATUS_WORDS.get(delta.status, "changed")
    path = (delta.old_file if status == "removed" else delta.new_file).path
    text = "" if delta.is_binary else (patch.text or "").partition("\n@@")[2]
    _, additions, deletions = patch.line_stats
    return FileChange(
        path=path,
        status=status,
        sha=str((delta.old_file if status == "removed" else delta.new_file).id),
        additions=additions,
        deletions=deletions,
        patch=f"@@{text}".rstrip("\n") if text else None,
        previous=delta.old_file.path if status == "renamed" else None,
    )
