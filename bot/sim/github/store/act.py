"""One deed of one person: the state, who acts, and the addresses to write into what is shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.sim.github.git.objects import Repository
from bot.sim.github.rules.access import Who
from bot.sim.github.store.database import Database, Row
from bot.sim.github.store.state import State


@dataclass(frozen=True)
class Places:
    """The addresses as the caller knows this server: of the API, of the pages and git, of uploads."""

    api: str
    web: str
    uploads: str


@dataclass
class Act:
    """What every deed and every shown value needs."""

    state: State
    who: Who
    places: Places
    accounts: dict[int, Row] = field(default_factory=dict, kw_only=True)
    """Those that were looked up already."""

    @property
    def db(self) -> Database:
        """Return the database."""
        return self.state.db

    @property
    def now(self) -> str:
        """Return the time as GitHub writes it."""
        return self.state.now()

    @property
    def user(self) -> Row:
        """Return the account that acts; only where the gate has asked for one."""
        if self.who.account is None:
            raise AssertionError("the route lets anonymous callers in, but its handler needs an account")
        return self.who.account

    @property
    def told(self) -> Act:
        """Return the same deed with the addresses that events bear: the server's own, not the caller's."""
        return Act(self.state, self.who, Places(*[self.state.address] * 3), accounts=self.accounts)

    def git(self, repo: Row) -> Repository:
        """Return the git repository of a row of `repos`."""
        return self.state.repository(repo["id"])

    def account(self, account_id: int) -> Row:
        """Return an account by its id."""
        found = self.accounts.get(account_id)
        if found is None:
            found = self.accounts[account_id] = self.db.row("accounts", account_id)
        return found
