"""A real sshd of this user on 127.0.0.1, with keys and settings of its own, that can be stopped and come back."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Sshd:
    """Serves one key; `ssh` are the words that reach it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        for name in ("host", "user"):
            keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(keygen, check=True, stdin=subprocess.DEVNULL)
        shutil.copyfile(folder / "user.pub", folder / "authorized_keys")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        host_key = (folder / "host.pub").read_text()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {host_key}")
        (folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
            f"AuthorizedKeysFile {folder}/authorized_keys\nStrictModes no\nPasswordAuthentication no\n"
        )
        (folder / "ssh_config").write_text(
            f"Host unity\n HostName 127.0.0.1\n Port {self.port}\n IdentityFile {folder}/user\n IdentitiesOnly yes\n"
            f" UserKnownHostsFile {folder}/known_hosts\n StrictHostKeyChecking yes\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def ssh(self) -> tuple[str, ...]:
        return ("ssh", "-F", str(self.folder / "ssh_config"))

    def start(self) -> None:
        program = shutil.which("sshd", path=PATH)
        assert program
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # root's sshd wants it; an init system makes it elsewhere
        with (self.folder / "log").open("ab") as log:
            command = [program, "-D", "-e", "-f", str(self.folder / "sshd_config")]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None
