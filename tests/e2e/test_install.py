"""`lmtbot install quicklook`: what is written is read by systemd and cron as it was meant."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.site import PracticeSite
from tests.taps import need

CRONTAB = """\
#!/bin/sh
# crontab(1) with its table in a file
case "$1" in
-l) if [ -e "$TABLE" ]; then cat "$TABLE"; else echo "no crontab for po" >&2; exit 1; fi ;;
-r) rm "$TABLE" ;;
-) cat > "$TABLE" ;;
esac
"""
SYSTEMCTL = '#!/bin/sh\necho "$(basename "$0")" "$@" >> "$CALLS"\n'


class ServiceSite(PracticeSite):
    """A site whose folders have names that quoting has to survive; crontab and systemctl write into files."""

    def environment(self) -> dict[str, str]:
        path = f"{self.root / 'programs'}:/usr/bin:/bin"
        files = {"TABLE": str(self.root / "table"), "CALLS": str(self.root / "calls"), "PATH": path}
        return {**super().environment(), **files, "HOME": str(self.root / "home"), "XDG_RUNTIME_DIR": str(self.root)}

    @property
    def unit(self) -> Path:
        return self.root / "home" / ".config" / "systemd" / "user" / "lmtbot-quicklook.service"

    @property
    def table(self) -> Path:
        return self.root / "table"


@pytest.fixture
def site(tmp_path: Path) -> ServiceSite:
    made = ServiceSite(tmp_path / "o'brien's 100% \"site\" $HOME")
    for name in ("projects", "data", "work", "home", "programs"):
        (made.root / name).mkdir(parents=True)
    for name, text in (("crontab", CRONTAB), ("systemctl", SYSTEMCTL), ("loginctl", SYSTEMCTL)):
        (made.root / "programs" / name).write_text(text)
        (made.root / "programs" / name).chmod(0o755)
    return made


def test_the_unit_is_written_and_the_commands_that_start_it_are_told(site: ServiceSite) -> None:
    assert "lmtbot-quicklook.service: to be written" in site.call("install", "quicklook", "--dry-run")
    assert not site.unit.exists()
    told = site.call("install", "quicklook")
    assert "systemctl --user enable --now lmtbot-quicklook.service" in told and "loginctl enable-linger" in told
    text = site.unit.read_text()
    assert "Restart=always" in text and "DATA_LMT=" in text and "WORK_LMT=" in text and "100%% " in text
    assert not (site.root / "calls").exists(), "nothing is started unasked"
    site.call("install", "quicklook")
    assert site.unit.read_text() == text


def test_systemd_itself_finds_nothing_wrong_with_the_unit(site: ServiceSite) -> None:
    need("systemd-analyze")
    site.call("install", "quicklook")
    judge = [shutil.which("systemd-analyze") or "", "verify", "--user", str(site.unit)]

    def judged() -> list[str]:
        """Return what it says of our unit; it looks into the machine's other units too."""
        done = subprocess.run(judge, env=site.environment(), capture_output=True, text=True, check=False)
        return [line for line in done.stderr.splitlines() if "lmtbot-quicklook" in line or "nitialize" in line]

    assert judged() == []
    wrong = site.unit.read_text().replace("/lmtbot", "/nothing").replace("Restart=always", "Restart=maybe")
    site.unit.write_text(wrong)
    assert {word for line in judged() for word in ("maybe", "nothing") if word in line} == {"maybe", "nothing"}


def test_now_starts_it_and_uninstall_takes_it_away(site: ServiceSite) -> None:
    site.call("install", "quicklook", "--now")
    site.call("install", "quicklook", "--uninstall", "--now")
    assert (site.root / "calls").read_text().splitlines() == [
        "systemctl --user daemon-reload",
        "systemctl --user enable --now lmtbot-quicklook.service",
        "loginctl enable-linger",
        "systemctl --user stop lmtbot-quicklook.service",
        "systemctl --user daemon-reload",
    ]
    assert not site.unit.exists()


def test_without_a_session_of_systemd_cron_is_named(site: ServiceSite) -> None:
    (site.root / "programs" / "systemctl").write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2; exit 1\n")
    assert "lmtbot install quicklook --cron" in site.call("install", "quicklook", "--now", code=1)


def test_a_crontab_keeps_its_other_lines_and_gets_our_block_once(site: ServiceSite) -> None:
    mine = "# mine\nMAILTO=po\n0 12 * * * rsync -a a b:c"
    site.table.write_text(mine)
    assert "your crontab would be" in site.call("install", "quicklook", "--cron", "--dry-run")
    assert site.table.read_text() == mine
    for _ in range(2):
        site.call("install", "quicklook", "--cron")
        lines = site.table.read_text().splitlines()
        assert lines[:3] == mine.splitlines() and len(lines) == 7
        assert sum(line.startswith("@reboot") for line in lines) == 1
    site.call("install", "quicklook", "--cron", "--uninstall")
    assert site.table.read_text() == mine + "\n"


def test_a_crontab_of_ours_alone_goes_away_again(site: ServiceSite) -> None:
    site.call("install", "quicklook", "--cron")
    site.call("install", "quicklook", "--cron", "--uninstall")
    assert not site.table.exists()
    assert not list((site.root / "home").rglob("quicklook.sh"))


def test_what_cron_starts_is_lmtbot_with_the_site_of_today(site: ServiceSite) -> None:
    site.call("install", "quicklook", "--cron")
    line = next(line for line in site.table.read_text().splitlines() if line.startswith("@reboot"))
    command = line.removeprefix("@reboot ").replace("\\%", "%").replace(">/dev/null 2>&1", "")
    launcher = next((site.root / "home").rglob("quicklook.sh"))
    text = launcher.read_text()
    assert "lmtbot quicklook --root " in text
    before, _, after = text.rpartition("exec ")
    launcher.write_text(f"{before}env; printf '%s\\n' {after}")
    said = subprocess.run(
        ["/bin/sh", "-c", command], env={"HOME": os.environ["HOME"]}, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert f"DATA_LMT={site.data}" in said and f"WORK_LMT={site.work}" in said
    assert any(row.startswith(f"PATH={site.root}") for row in said)
    assert said[-3:] == ["quicklook", "--root", str(site.root)]
    assert Path(said[-4]).name == "lmtbot" and Path(said[-4]).is_absolute()


def test_without_data_and_work_nothing_is_installed(site: ServiceSite) -> None:
    bare = {name: value for name, value in site.environment().items() if name not in ("DATA_LMT", "WORK_LMT")}
    command = [shutil.which("env") or "env", "-u", "DATA_LMT", "-u", "WORK_LMT"]
    done = subprocess.run(
        [*command, sys.executable, "-m", "bot", "install", "quicklook", "--root", str(site.root)],
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and "DATA_LMT is not set" in done.stderr and not site.unit.exists()
