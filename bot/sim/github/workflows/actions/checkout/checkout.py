"""actions/checkout for jobs of the simulated GitHub: git fetches over HTTP what the inputs ask for. Stands alone."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    """Run git in the workspace; a failure ends the step with git's own words."""
    done = subprocess.run(["git", "-C", str(folder), *words], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout.strip()


def named_server(folder: Path) -> str:
    """Make the repository; return the server by the name that `gh` looks for in remotes, reached by its number."""
    address = os.environ["GITHUB_SERVER_URL"]
    server = f"http://{os.environ['GH_HOST']}:{address.rpartition(':')[2]}"
    git(folder, "init", "-q", "--initial-branch=main")
    git(folder, "config", "--local", f"http.{server}/.proxy", address)
    return server


def wanted_ref() -> str:
    """Return what to fetch: a full ref, a sha, a branch or tag; by default the commit of the run."""
    ref, is_here = os.environ["IN_REF"], os.environ["IN_REPOSITORY"] == os.environ["GITHUB_REPOSITORY"]
    if not ref and is_here:
        return os.environ["GITHUB_SHA"]
    return ref or "HEAD"


def fetch(folder: Path, ref: str) -> str:
    """Fetch the ref (a short name may be a branch or a tag); return the name by which it is kept."""
    depth = os.environ["IN_DEPTH"]
    words = ["fetch", "-q", "--no-recurse-submodules", "origin"] + ([] if depth == "0" else [f"--depth={depth}"])
    if depth == "0":
        git(folder, *words, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
    if ref == "HEAD" or ref.startswith("refs/") or re.fullmatch(r"[0-9a-f]{40}", ref):
        git(folder, *words, f"+{ref}:refs/sim/wanted")
        return ref
    kinds = {"refs/heads/": "refs/remotes/origin/", "refs/tags/": "refs/tags/"}
    listed = git(folder, "ls-remote", "origin", *(prefix + ref for prefix in kinds))
    found = next((name for name in (prefix + ref for prefix in kinds) if f"\t{name}\n" in listed + "\n"), None)
    if found is None:
        sys.exit(f"A branch or tag with the name '{ref}' could not be found")
    git(folder, *words, f"+{found}:refs/sim/wanted")
    return found


def main() -> None:
    """Clone into the workspace, check out, keep or forget the token, tell the outputs."""
    workspace = Path(os.environ["GITHUB_WORKSPACE"]).resolve()
    folder = (workspace / os.environ["IN_PATH"]).resolve()
    if not folder.is_relative_to(workspace):
        sys.exit(f"Repository path '{folder}' is not under '{workspace}'")
    folder.mkdir(parents=True, exist_ok=True)
    server = named_server(folder)
    git(folder, "remote", "add", "origin", f"{server}/{os.environ['IN_REPOSITORY']}")
    login = base64.b64encode(f"x-access-token:{os.environ['IN_TOKEN']}".encode()).decode()
    git(folder, "config", "--local", f"http.{server}/.extraheader", f"AUTHORIZATION: basic {login}")
    ref = fetch(folder, wanted_ref())
    commit = git(folder, "rev-parse", "refs/sim/wanted^{commit}")
    where = ["--detach", commit]
    if ref.startswith("refs/heads/"):
        branch = ref.removeprefix("refs/heads/")
        git(folder, "update-ref", f"refs/remotes/origin/{branch}", commit)
        where = ["-B", branch, f"refs/remotes/origin/{branch}"]
    git(folder, "checkout", "-q", "--force", *where)
    git(folder, "update-ref", "-d", "refs/sim/wanted")
    if os.environ["IN_PERSIST"].lower() != "true":
        git(folder, "config", "--local", "--unset-all", f"http.{server}/.extraheader")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as outputs:
        outputs.write(f"commit={commit}\nref={ref}\n")
    sys.stdout.write(f"{os.environ['IN_REPOSITORY']} at {commit}\n")


main()
