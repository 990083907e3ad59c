"""Who we are to GitHub, and where it is: from the environment and the settings to an open door. Keeps no secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from github import Auth, Github

from bot.doors.files import read_text, write_whole
from bot.doors.github.dry import DryGitHub
from bot.doors.github.repository import GitHub
from bot.doors.github.retrying import Patience
from bot.doors.github.session import GitHubRefused, Page, Session
from bot.doors.secrets import secret
from bot.errors import SettingsError
from bot.model.github import Place
from bot.settings import Hub

API = "https://api.github.com"
PERSONAL = ("GH_TOKEN", "GITHUB_TOKEN")
TOKENS = ("LMTBOT_TOKEN", "GITHUB_TOKEN", "GH_TOKEN")
MOST_KEPT = 200


def find_place(hub: Hub, environment: Mapping[str, str]) -> Place:
    """Return which repository of which GitHub is meant; raise SettingsError when nobody says it."""
    repository = environment.get("GITHUB_REPOSITORY") or hub.repository
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise SettingsError(
            "which repository on GitHub? Set `github: {repository: OWNER/NAME}` in .github/lmtbot.yml, or export "
            "GITHUB_REPOSITORY=OWNER/NAME"
        )
    return Place(environment.get("GITHUB_API_URL") or API, repository, hub.bot, hub.main)


def open_github(hub: Hub, environment: Mapping[str, str], *, dry_run: bool = False, kept: Path | None = None) -> GitHub:
    """Open the door. `kept`: a file for ETags and answers, for polls that cost nothing. Raise SettingsError.

    An App (LMTBOT_APP_ID with LMTBOT_APP_KEY or LMTBOT_APP_KEY_FILE) goes before a plain token. Only github.com itself
    asks for pauses between calls.
    """
    place = find_place(hub, environment)
    patience = Patience(tries=hub.tries, longest_s=60 * hub.patience_minutes)

    def session(auth: Auth.Auth) -> Session:
        pause_s = 0.25 if place.api == API else 0.0
        github = Github(
            auth=auth, base_url=place.api, retry=None, timeout=hub.timeout_seconds,
            seconds_between_requests=pause_s, seconds_between_writes=4 * pause_s,
        )  # fmt: skip
        return Session(github.requester, place.repository, patience, kept=kept_answers)

    kept_answers = _read_kept(kept)
    return (DryGitHub if dry_run else GitHub)(session(_auth(place, environment, session)), place)


def open_as_person(hub: Hub, environment: Mapping[str, str]) -> GitHub | None:
    """Open the door with the token of a person, never as the bot's App; None where there is no token."""
    token = next((environment[name] for name in PERSONAL if environment.get(name)), "")
    ours = {name: value for name, value in environment.items() if not name.startswith("LMTBOT_")}
    return open_github(hub, ours | {"GITHUB_TOKEN": token}) if token else None


def keep(github: GitHub, path: Path) -> None:
    """Write down ETags and answers for the next process."""
    kept = dict(list(github.session.kept.items())[-MOST_KEPT:])
    write_whole(path, json.dumps(kept))


def _read_kept(path: Path | None) -> dict[str, tuple[str, Page]]:
    if path is None:
        return {}
    try:
        found = json.loads(read_text(path) or "{}")
        return {str(address): (str(tag), (value, dict(links))) for address, (tag, (value, links)) in found.items()}
    except (ValueError, TypeError, AttributeError):  # torn or foreign: ask everything again
        return {}


def _auth(place: Place, environment: Mapping[str, str], session: Callable[[Auth.Auth], Session]) -> Auth.Auth:
    app_id = environment.get("LMTBOT_APP_ID", "")
    if app_id:
        app = Auth.AppAuth(app_id, _key(environment))
        return _installation(place, app, environment.get("LMTBOT_INSTALLATION_ID", ""), session)
    token = next((environment[name] for name in TOKENS if environment.get(name)), "")
    if not token:
        raise SettingsError(
            "no way into GitHub: export LMTBOT_APP_ID and LMTBOT_APP_KEY (or LMTBOT_APP_KEY_FILE) of the bot's App, "
            f"or a token as {', '.join(TOKENS)}"
        )
    return Auth.Token(token)


def _key(environment: Mapping[str, str]) -> str:
    key = secret(environment, "LMTBOT_APP_KEY")
    if "PRIVATE KEY" not in key:
        raise SettingsError("LMTBOT_APP_KEY holds no private key; it is the whole text of the App's .pem file")
    return key


def _installation(
    place: Place, app: Auth.AppAuth, installation: str, session: Callable[[Auth.Auth], Session]
) -> Auth.Auth:
    """Return the App's installation in the repository, whose token lives an hour and is renewed by PyGithub."""
    try:
        return app.get_installation_auth(int(installation or session(app).get("installation")["id"]))
    except ValueError as error:
        raise SettingsError(
            f"the App's key or LMTBOT_INSTALLATION_ID cannot be used ({type(error).__name__})"
        ) from error
    except GitHubRefused as refused:
        if refused.status not in (401, 403, 404) or refused.is_limited:
            raise
        told = f"the App {app.app_id} is not installed for {place.repository}, or its key is wrong"
        raise SettingsError(f"{told} (GitHub said {refused.status})") from refused
