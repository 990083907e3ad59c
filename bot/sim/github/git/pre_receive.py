"""The hook that git runs before it takes a push: asks the server, says what it answers.

Stands alone: it is copied into the state's folder and run by `python -I -S`. It must not import anything of ours.
"""

import os
import subprocess
import sys
from http.client import HTTPConnection

NO_SHA = "0" * 40


def is_forced(old: str, new: str) -> bool:
    """Tell whether the new value does not hold the old one."""
    if NO_SHA in (old, new):
        return False
    return subprocess.run(["git", "merge-base", "--is-ancestor", old, new], check=False).returncode != 0


def main() -> int:
    """Return 0 when the server takes every ref."""
    lines = []
    for line in sys.stdin:
        old, new, name = line.split(None, 2)
        lines.append(f"{old} {new} {int(is_forced(old, new))} {name.strip()}")
    connection = HTTPConnection("127.0.0.1", int(os.environ["SIM_PORT"]), timeout=60)
    connection.request("POST", "/_push", "\n".join(lines).encode(), {"X-Push": os.environ["SIM_PUSH"]})
    reply = connection.getresponse()
    sys.stderr.write(reply.read().decode())
    return 0 if reply.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
