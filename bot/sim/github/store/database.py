"""SQLite: rows as dictionaries, one transaction at a time. Knows no table by name; SQL stands where it is used."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]
SCHEMA = Path(__file__).with_name("schema.sql")


class Database:
    """One connection, used by one thread. An answered write is on the disk (WAL, synchronous)."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512)
        self._connection.row_factory = _as_dict
        self._is_shared = False
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            self._connection.execute(f"PRAGMA {pragma}")
        is_new = self.one("SELECT 1 FROM sqlite_master") is None
        self._connection.executescript(f"BEGIN; {SCHEMA.read_text()} COMMIT;")
        if not is_new:
            self._add_columns()

    def _add_columns(self) -> None:
        """Give the tables of an older folder the columns that came since."""
        wanted = sqlite3.connect(":memory:")
        wanted.executescript(SCHEMA.read_text())
        for (table,) in wanted.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            held = {row["name"] for row in self.all("SELECT name FROM pragma_table_info(?)", table)}
            sql = 'SELECT name, type, "notnull", dflt_value FROM pragma_table_info(?)'
            for name, kind, is_needed, usual in wanted.execute(sql, (table,)).fetchall():
                if name not in held:
                    words = f"{kind} {'NOT NULL' if is_needed else ''} DEFAULT {usual or 'NULL'}"
                    self.run(f"ALTER TABLE {table} ADD COLUMN {name} {words}")
        wanted.close()

    def all(self, sql: str, *values: object) -> list[Row]:
        """Return every row."""
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, *values: object) -> Row | None:
        """Return the first row, or None."""
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def value(self, sql: str, *values: object) -> Any:
        """Return the first column of the first row, or None."""
        row = self.one(sql, *values)
        return next(iter(row.values())) if row else None

    def run(self, sql: str, *values: object) -> int:
        """Change rows; return how many."""
        return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, **values: object) -> int:
        """Add a row; return its id."""
        names, places = ", ".join(values), ", ".join("?" * len(values))
        # table and column names are written in our code, never taken from a request
        cursor = self._connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", tuple(values.values()))  # noqa: S608
        return cursor.lastrowid or 0

    def update(self, table: str, row_id: int, **values: object) -> None:
        """Change columns of the row with this id."""
        if values:
            names = ", ".join(f"{name} = ?" for name in values)
            self._connection.execute(f"UPDATE {table} SET {names} WHERE id = ?", (*values.values(), row_id))  # noqa: S608

    def row(self, table: str, row_id: int) -> Row:
        """Return the row with this id, which exists."""
        found = self.one(f"SELECT * FROM {table} WHERE id = ?", row_id)  # noqa: S608
        if found is None:
            raise KeyError(f"{table} has no row {row_id}")
        return found

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Inside another one it is part of that one, and can fail alone."""
        is_first = not self._connection.in_transaction
        if is_first:
            self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("SAVEPOINT deed")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO deed")
            self._end(is_first, "ROLLBACK")
            raise
        self._end(is_first, "COMMIT")

    def _end(self, is_first: bool, word: str) -> None:
        if not is_first:
            self._connection.execute("RELEASE deed")
        elif not self._is_shared:
            self._connection.execute(word)

    @contextmanager
    def one_commit(self) -> Iterator[None]:
        """Let the transactions inside, each all or nothing, become lasting by one commit at the end."""
        self._is_shared = True
        try:
            yield
        finally:
            self._is_shared = False
            if self._connection.in_transaction:
                self._commit()

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            self._connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _as_dict(cursor: sqlite3.Cursor, row: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
