"""A real Slurm of one node on this machine, for tests and practice: real daemons, virtual processors.

Everything lies in one folder: configuration, key, state, spool, logs, and with accounting a MariaDB; ports are free
ones of 127.0.0.1, so that several clusters stand side by side. Needs no systemd, no cgroups, no network, and one
user: root in a plain container, or anybody. Debian's packages: PACKAGES. Must not be imported by bot/.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
ACCOUNTING_PACKAGES = ("slurmdbd", "mariadb-server")
PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "munged", "mungekey")
ACCOUNTING_PROGRAMS = ("slurmdbd", "sacctmgr", "sacct", "mariadbd", "mariadb-install-db", "mariadb-admin")
WAIT_S = 60.0
"""How long a daemon may take to come up."""

SLURM_CONF = """\
ClusterName=practice
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
AuthType=auth/munge
AuthInfo=socket={home}/munge.socket,cred_expire={requeue_s}
CredType=cred/munge
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={home}/state
SlurmdSpoolDir={home}/spool
SlurmctldPidFile={home}/slurmctld.pid
SlurmdPidFile={home}/slurmd.pid
SlurmctldLogFile={home}/slurmctld.log
SlurmdLogFile={home}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SlurmdTimeout={slurmd_timeout_s}
KillWait=2
MinJobAge={min_job_age_s}
MaxJobCount={max_jobs}
MaxArraySize={max_array_size}
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
SchedulerType=sched/backfill
SchedulerParameters=defer,sched_interval=1,sched_min_interval=200000,bf_interval=1,default_queue_depth=500
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SlurmdParameters=config_overrides
{accounting}
NodeName={host} NodeAddr=127.0.0.1 CPUs={slots} RealMemory={memory_mb} State=UNKNOWN
PartitionName=practice Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=second Nodes={host} MaxTime=INFINITE State=UP
"""
WITHOUT_ACCOUNTING = "AccountingStorageType=accounting_storage/none"
WITH_ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={dbd_port}
AccountingStoragePass={home}/munge.socket
AccountingStoreFlags=job_comment
AccountingStorageEnforce=limits,qos"""
SLURMDBD_CONF = """\
AuthType=auth/munge
AuthInfo=socket={home}/munge.socket
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={dbd_port}
SlurmUser={user}
LogFile={home}/slurmdbd.log
PidFile={home}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser={user}
StorageLoc=slurm_acct_db
"""


class ClusterError(Exception):
    """The practice cluster cannot be brought up; the message says why and what to do."""


@dataclass(frozen=True)
class Shape:
    """What a cluster is to be like."""

    accounting: bool = False
    slots: int = 16
    memory_mb: int = 64_000
    max_array_size: int = 1001
    max_jobs: int = 10_000
    min_job_age_s: int = 300
    slurmd_timeout_s: int = 30
    requeue_s: int = 120
    """How long Slurm waits before it begins a job again (AuthInfo's cred_expire); begun at once by a StartTime=now,
    the job is ended by what was meant for its first start."""


def missing(accounting: bool = False) -> str:
    """Say which Debian packages have to be installed, "" if all programs are here."""
    wanted = PROGRAMS + (ACCOUNTING_PROGRAMS if accounting else ())
    lost = [name for name in wanted if shutil.which(name, path=_search_path()) is None]
    packages = PACKAGES + (ACCOUNTING_PACKAGES if accounting else ())
    told = f"{', '.join(lost)}: not on this machine; apt-get install -y --no-install-recommends {' '.join(packages)}"
    return told if lost else ""


class Cluster:
    """One cluster in one folder."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()

    @property
    def conf(self) -> Path:
        """Return its slurm.conf, the value of SLURM_CONF."""
        return self.home / "slurm.conf"

    @property
    def shape(self) -> Shape:
        """Return what it is like."""
        return Shape(**json.loads((self.home / "shape.json").read_text()))

    def environment(self) -> dict[str, str]:
        """Return the environment in which Slurm's commands speak to this cluster."""
        return {**os.environ, "SLURM_CONF": str(self.conf), "PATH": _search_path()}

    def up(self, shape: Shape) -> None:
        """Bring everything up that does not run yet; raise ClusterError that shows the end of its log."""
        if told := missing(shape.accounting):
            raise ClusterError(told)
        self.lay_out(shape)
        self.start("munged")
        if self.shape.accounting:
            self.start("mariadbd")
            self.start("slurmdbd")
            if not self.run("sacctmgr", "-nP", "show", "cluster").strip():
                self.run("sacctmgr", "-i", "add", "cluster", "practice")
                self.run("sacctmgr", "-i", "add", "account", "practice")
                self.run("sacctmgr", "-i", "add", "user", _user(), "account=practice", "defaultaccount=practice")
        self.start("slurmctld")
        self.start("slurmd")
        self.await_node("idle", "mixed", "allocated")

    def down(self) -> None:
        """End every daemon and job of the cluster and remove its folder."""
        for name in reversed(DAEMONS):
            self.stop(name)
        for process_id in self.processes():
            _kill(process_id, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)

    def clear(self) -> None:
        """Make it as good as new: daemons up, no jobs."""
        self.up(self.shape)
        self.run("scancel", "--quiet", f"--user={_user()}", check=False)
        _wait(lambda: not self.run("squeue", "-h", check=False).strip(), 30)

    def status(self) -> str:
        """Say which daemons run, and what the node says."""
        rows = [f"{name:<10} {self.process_of(name) or '-'}" for name in DAEMONS if self.is_wanted(name)]
        return "\n".join([*rows, self.run("sinfo", "-No", "%N %T %c cpus %m MB", check=False)])

    def lay_out(self, shape: Shape) -> None:
        """Write the files of a new cluster; one that is there keeps its own."""
        if self.conf.exists():
            return
        for name in ("state", "spool", "db"):
            (self.home / name).mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o755)
        ports = _free_ports(3)
        values = {
            **asdict(shape),
            "home": self.home,
            "host": socket.gethostname().partition(".")[0],
            "user": _user(),
            **dict(zip(("ctld_port", "slurmd_port", "dbd_port"), ports, strict=True)),
        }
        values["accounting"] = WITH_ACCOUNTING.format(**values) if shape.accounting else WITHOUT_ACCOUNTING
        (self.home / "munge.key").write_bytes(secrets.token_bytes(128))
        (self.home / "munge.key").chmod(0o400)
        (self.home / "slurmdbd.conf").write_text(SLURMDBD_CONF.format(**values))
        (self.home / "slurmdbd.conf").chmod(0o600)
        (self.home / "shape.json").write_text(json.dumps(asdict(shape)))
        self.conf.write_text(SLURM_CONF.format(**values))

    def is_wanted(self, name: str) -> bool:
        """Say whether this cluster has such a daemon."""
        return self.shape.accounting or name not in ("mariadbd", "slurmdbd")

    def start(self, name: str) -> None:
        """Start one daemon and wait until it answers; one that runs already is left alone."""
        if self.process_of(name):
            return
        if name == "mariadbd" and not (self.home / "db" / "mysql").exists():
            quiet = ("--auth-root-authentication-method=socket", "--skip-test-db", f"--auth-root-socket-user={_user()}")
            self.run("mariadb-install-db", "--no-defaults", f"--user={_user()}", f"--datadir={self.home}/db", *quiet)
        env = {**self.environment(), "MYSQL_UNIX_PORT": str(self.home / "db.socket")}
        with (self.home / f"{name}.out").open("ab") as stream:
            child = subprocess.Popen(
                self.command_of(name), env=env, cwd=self.home, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream,
                start_new_session=True,
            )  # fmt: skip
        (self.home / f"{name}.id").write_text(str(child.pid))
        self.await_answer(name, child)

    def stop(self, name: str, number: int = signal.SIGTERM) -> None:
        """End one daemon; with SIGKILL as a machine that fails."""
        process_id = self.process_of(name)
        if process_id:
            _kill(process_id, number)
            if not _wait(lambda: self.process_of(name) is None, 20):
                _kill(process_id, signal.SIGKILL)
                _wait(lambda: self.process_of(name) is None, 5)

    def process_of(self, name: str) -> int | None:
        """Return the process of a daemon of this cluster, None if it does not run."""
        try:
            process_id = int((self.home / f"{name}.id").read_text())
            words = Path(f"/proc/{process_id}/cmdline").read_bytes()
            state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, ValueError):
            return None
        return process_id if state != "Z" and name.encode() in words else None

    def processes(self) -> list[int]:
        """Return every process that belongs to the cluster: daemons, step daemons, jobs."""
        mark = f"SLURM_CONF={self.conf}".encode()
        numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        return [one for one in numbers if one != os.getpid() and mark in _read(one, "environ").split(b"\0")]

    def job_processes(self) -> list[int]:
        """Return the processes of jobs, without the step daemons that watch them."""
        return [number for number in self.processes() if b"SLURM_JOB_ID=" in _read(number, "environ")]

    def kill(self, process_id: int) -> None:
        """Kill a process as the kernel does."""
        _kill(process_id, signal.SIGKILL)

    def kill_jobs(self) -> None:
        """Kill jobs and their step daemons, as a node that fails does; the daemons of the cluster live on."""
        jobs = self.job_processes()
        parents = {int(_read(number, "stat").rpartition(b")")[2].split()[1]) for number in jobs}
        steps = [number for number in parents if b"slurmstepd" in _read(number, "cmdline")]
        for number in [*steps, *jobs]:  # first who would report the end of the others
            self.kill(number)

    def command_of(self, name: str) -> list[str]:
        """Return the argument list of a daemon, in the foreground."""
        home = self.home
        return {
            "munged": [
                "munged", "--foreground", "--force", f"--socket={home}/munge.socket", f"--key-file={home}/munge.key",
                f"--pid-file={home}/munged.pid", f"--seed-file={home}/munge.seed",
            ],
            "mariadbd": [
                "mariadbd", "--no-defaults", f"--datadir={home}/db", f"--socket={home}/db.socket", "--skip-networking",
                f"--pid-file={home}/mariadbd.pid", f"--user={_user()}", "--innodb-flush-log-at-trx-commit=0",
            ],
            "slurmdbd": ["slurmdbd", "-D"],
            "slurmctld": ["slurmctld", "-D", "-f", str(self.conf)],
            "slurmd": ["slurmd", "-D", "-f", str(self.conf)],
        }[name]  # fmt: skip

    def await_answer(self, name: str, child: subprocess.Popen[bytes]) -> None:
        """Wait until a daemon does its work."""
        ask: dict[str, Sequence[str]] = {
            "munged": ("munge", "-n", f"--socket={self.home}/munge.socket"),
            "mariadbd": ("mariadb-admin", "--no-defaults", f"--socket={self.home}/db.socket", "ping"),
            "slurmdbd": ("sacctmgr", "-nP", "show", "cluster"),
            "slurmctld": ("scontrol", "ping"),
            "slurmd": ("sinfo", "-hN"),
        }
        answers = _wait(lambda: child.poll() is not None or self.succeeds(*ask[name]), WAIT_S)
        if child.poll() is not None or not answers:
            told = f"exit code {child.returncode}" if child.poll() is not None else f"no answer for {WAIT_S:.0f} s"
            raise ClusterError(f"{name}: {told}; the end of its log:\n{self.last_words(name)}")

    def await_node(self, *states: str, seconds: float = WAIT_S) -> None:
        """Wait until the node is in one of these states."""
        if not _wait(lambda: self.node_state() in states, seconds):
            told = self.run("scontrol", "show", "node", check=False)
            raise ClusterError(f"the node is {self.node_state()}, wanted {states}\n{told}\n{self.last_words('slurmd')}")

    def node_state(self) -> str:
        """Return what sinfo says of the node; `*` behind it: it does not answer."""
        return (self.run("sinfo", "-hNo", "%T", check=False).split() or ["unknown"])[0]

    def last_words(self, name: str) -> str:
        """Return the end of a daemon's log."""
        logs = [self.home / f"{name}.{kind}" for kind in ("log", "out")]
        return "\n".join("\n".join(log.read_text(errors="replace").splitlines()[-8:]) for log in logs if log.exists())

    def succeeds(self, *words: str) -> bool:
        """Say whether a command exits with 0."""
        return subprocess.run(words, env=self.environment(), capture_output=True, check=False).returncode == 0

    def run(self, *words: str, check: bool = True) -> str:
        """Run a command in the cluster's environment; return its stdout."""
        done = subprocess.run(words, env=self.environment(), capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise ClusterError(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


DAEMONS = ("munged", "mariadbd", "slurmdbd", "slurmctld", "slurmd")


def _read(process_id: int, kind: str) -> bytes:
    try:
        return Path(f"/proc/{process_id}/{kind}").read_bytes()
    except OSError:
        return b""


def _search_path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _user() -> str:
    import getpass

    return getpass.getuser()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _kill(process_id: int, number: int) -> None:
    try:
        os.kill(process_id, number)
    except (ProcessLookupError, PermissionError):
        return


def _wait(is_so: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
