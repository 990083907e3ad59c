"""`python -m tests.slurm up|down|status`: a Slurm to practise with.

`eval "$(python -m tests.slurm up)"` brings it up (Debian packages: cluster.PACKAGES) and sets SLURM_CONF.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.slurm.cluster import Cluster, ClusterError, Shape


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.slurm", description=__doc__)
    parser.add_argument("act", choices=("up", "down", "status"))
    parser.add_argument("--dir", type=Path, default=Path("/tmp/lmtbot-slurm"), help="its folder (default: %(default)s)")
    parser.add_argument("--accounting", action="store_true", help="with slurmdbd and MariaDB, so that sacct answers")
    parser.add_argument("--slots", type=int, default=16, help="virtual processors (default: %(default)s)")
    args = parser.parse_args()
    cluster = Cluster(args.dir)
    try:
        if args.act == "up":
            cluster.up(Shape(accounting=args.accounting, slots=args.slots))
            print(f"export SLURM_CONF={cluster.conf}")
        elif args.act == "down":
            cluster.down()
        else:
            print(cluster.status() if cluster.conf.exists() else "there is no cluster")
    except ClusterError as error:
        print(f"python -m tests.slurm {args.act}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
