"""`lmtbot install quicklook`: what is written is read by systemd and cron as it was meant."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.site import REPOSITORY, PracticeSite
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


KEYS = {"LMTBOT_APP_ID": "7", "LMTBOT_APP_KEY_FILE": "/keys/it's mine.pem"}


class TimerSite(ServiceSite):
    """A site that knows the bot's App."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **KEYS}

    @property
    def launcher(self) -> Path:
        return self.root / "home" / ".config" / "lmtbot" / "timer.sh"


@pytest.fixture
def unity(site: ServiceSite) -> TimerSite:
    return TimerSite(site.root)


def one_pass(unity: TimerSite, *, fails: str = "") -> tuple[int, list[str]]:
    """Run the launcher with an lmtbot and a git that only say what they were asked for."""
    calls = unity.root / "calls"
    calls.unlink(missing_ok=True)
    for name in ("lmtbot", "git"):
        program = unity.root / "programs" / name
        program.write_text(
            f'#!/bin/sh\necho "{name} $*; $LMTBOT_APP_KEY_FILE; $PWD" >> "$CALLS"\n[ "$1" != "{fails}" ]\n'
        )
        program.chmod(0o755)
    ours = str(Path(sys.executable).with_name("lmtbot"))
    text = unity.launcher.read_text()
    assert text.count(ours) == 3
    script = unity.root / "launcher"
    script.write_text(text.replace(ours, "lmtbot"))
    done = subprocess.run(["/bin/sh", str(script)], env=unity.environment(), capture_output=True, check=False)
    return done.returncode, calls.read_text().splitlines() if calls.exists() else []


def test_a_pass_of_the_timer_makes_log_arrivals_and_reductions_in_the_checkout_of_today(unity: TimerSite) -> None:
    told = unity.call("install", "timer", "--every", "7")
    assert "systemctl --user enable --now lmtbot-loop.timer" in told
    timer = unity.root / "home" / ".config" / "systemd" / "user" / "lmtbot-loop.timer"
    assert "OnUnitInactiveSec=7min" in timer.read_text()
    code, calls = one_pass(unity)
    verbs = ("git pull --quiet --ff-only", "lmtbot scan --quiet", "lmtbot arrive", "lmtbot reconcile --dispatch")
    assert code == 0 and calls == [f"{verb}; {KEYS['LMTBOT_APP_KEY_FILE']}; {unity.root}" for verb in verbs]


def test_a_step_that_fails_does_not_keep_the_next_from_running(unity: TimerSite) -> None:
    unity.call("install", "timer")
    for step in ("pull", "scan", "arrive", "reconcile"):
        code, calls = one_pass(unity, fails=step)
        assert (code, len(calls)) == (1, 4), step


def test_while_a_pass_runs_no_other_begins(unity: TimerSite) -> None:
    unity.call("install", "timer")
    with unity.launcher.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert one_pass(unity) == (0, [])
    assert len(one_pass(unity)[1]) == 4


def test_systemd_finds_nothing_wrong_with_the_timer(unity: TimerSite) -> None:
    need("systemd-analyze")
    unity.call("install", "timer")
    timer = unity.root / "home" / ".config" / "systemd" / "user" / "lmtbot-loop.timer"
    judge = [shutil.which("systemd-analyze") or "", "verify", "--user", str(timer)]
    done = subprocess.run(judge, env=unity.environment(), capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "lmtbot-" in line or "nitialize" in line] == []


def test_timer_and_quick_look_have_a_block_each_in_the_crontab(unity: TimerSite) -> None:
    unity.table.write_text("# mine\n")
    for what in ("timer", "quicklook", "timer"):
        unity.call("install", what, "--cron")
    text = unity.table.read_text()
    assert text.count("*/10 * * * * /bin/sh ") == 1 and text.count("@reboot") == 1
    for what in ("timer", "quicklook"):
        unity.call("install", what, "--cron", "--uninstall")
    assert unity.table.read_text() == "# mine\n" and not unity.launcher.exists()


def test_the_timer_takes_the_file_of_the_key_and_never_the_key(unity: TimerSite) -> None:
    bare = ServiceSite(unity.root)
    assert "LMTBOT_APP_KEY_FILE" in bare.call("install", "timer", code=1)
    assert not unity.launcher.exists()


@pytest.mark.parametrize("words", [("quicklook", "--every", "5"), ("github", "--cron"), ("timer", "--every", "0")])
def test_options_that_mean_nothing_are_refused(unity: TimerSite, words: tuple[str, ...]) -> None:
    assert unity.call("install", *words, code=2 if "0" in words else 1)


@pytest.mark.parametrize(
    ("workflow", "code"),
    [
        ("lmtoy/lmtoy_run/.github/workflows/project.yml@refs/heads/main", 0),
        ("lmtoy/lmtoy_run/.github/workflows/project.yml@refs/heads/evil", 1),
        ("lmtoy/lmtoy_run/.github/workflows/x.yml@refs/heads/evil@refs/heads/main/x", 1),
        ("lmtoy/lmtoy_run/.github/workflows/project.yml@refs/heads/x/main", 1),
        ("lmtoy/lmtoy_run/.github/workflows/project.yml@refs/pull/7/merge", 1),
        ("stranger/lmtoy_run/.github/workflows/project.yml@refs/heads/main", 1),
        ("", 1),
    ],
)
def test_a_runner_lets_only_workflows_of_main_run(workflow: str, code: int) -> None:
    hook = ["/bin/sh", str(REPOSITORY / "templates" / "install" / "only_main.sh")]
    done = subprocess.run(hook, env={"GITHUB_WORKFLOW_REF": workflow}, capture_output=True, text=True, check=False)
    assert (done.returncode, "::error::" in done.stdout) == (code, bool(code))
