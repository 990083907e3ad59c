"""actions/create-github-app-token for jobs of the simulated GitHub: App key -> installation -> token. Stands alone."""

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import jwt


def ask(method: str, path: str, token: str, body: object = None) -> Any:
    """Call the API; a refusal ends the step with GitHub's words."""
    data = json.dumps(body).encode() if body is not None else None
    request = Request(os.environ["GITHUB_API_URL"] + path, data, {"Authorization": f"Bearer {token}"}, method=method)  # noqa: S310
    try:
        with build_opener(ProxyHandler({})).open(request) as answer:
            return json.load(answer)
    except HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def main() -> None:
    """Write the token to the step's outputs, masked in logs."""
    now = int(time.time())
    claims = {"iss": os.environ["IN_APP"], "iat": now - 60, "exp": now + 500}
    app = jwt.encode(claims, os.environ["IN_KEY"], algorithm="RS256")
    names = [name for name in re.split(r"[\s,]+", os.environ["IN_REPOSITORIES"]) if name]
    owner, repository = os.environ["IN_OWNER"], os.environ["GITHUB_REPOSITORY"]
    wanted = names or [repository.partition("/")[2]]
    installation = ask("GET", f"/repos/{owner}/{wanted[0]}/installation", app)["id"]
    made = ask("POST", f"/app/installations/{installation}/access_tokens", app, {"repositories": wanted})
    sys.stdout.write(f"::add-mask::{made['token']}\n")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as outputs:
        outputs.write(f"token={made['token']}\n")


main()
