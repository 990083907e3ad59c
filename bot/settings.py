""".github/lmtbot.yml and the environment -> one frozen Settings. Read once, in cli; secrets never come from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field

from bot.errors import ProjectError, SettingsError
from bot.model.frozen import Frozen
from bot.model.scalars import Day, Text, Truth, WholeNumber, Word

SETTINGS_FILE = Path(".github") / "lmtbot.yml"


class Pipeline(Frozen):
    """How the pipeline is called on this site."""

    command: tuple[Text, ...] = ("SLpipeline.sh",)
    """The program and its leading arguments, e.g. [xvfb-run, -a, SLpipeline.sh]."""
    timeout_minutes: WholeNumber = Field(default=240, ge=1)
    """A call that lasts longer is ended and counts as failed (4 h is what the Slurm jobs get today)."""
    tries: WholeNumber = Field(default=2, ge=1, le=10)
    """How often a chain may be tried when the machine, not the data, stopped it (killed, out of memory, time)."""


class Resources(Frozen):
    """What a Slurm job of one run line may use."""

    minutes: WholeNumber = Field(default=240, ge=1)
    """Time limit of one line."""
    memory_gb: float = Field(default=64, gt=0)
    """Memory."""
    cpus: WholeNumber = Field(default=1, ge=1)
    """Processors."""


class Escalation(Frozen):
    """What an attempt gets that ran out of time or memory."""

    factor: WholeNumber = Field(default=2, ge=1, le=10)
    """Times as much as before; 1: the same again."""
    most_minutes: WholeNumber = Field(default=1440, ge=1)
    """Never more time than this."""
    most_memory_gb: float = Field(default=256, gt=0)
    """Never more memory than this."""


class Slurm(Frozen):
    """How run lines are handed to Slurm."""

    partition: Text = ""
    """Partition, e.g. toltec-cpu; "": the cluster's default."""
    account: Text = ""
    """Account that is charged; "": the user's default."""
    qos: Text = ""
    """Quality of service; "": the default."""
    modules: tuple[Text, ...] = ()
    """Environment modules that a job loads, e.g. [uri/main, xvfb]."""
    environment: dict[Text, Text] = Field(default_factory=dict)
    """Variables that a job gets, e.g. {OMP_NUM_THREADS: "1"}."""
    resources: dict[Text, Resources] = Field(
        default={"default": Resources(), "RSR": Resources(minutes=30, memory_gb=4)},
    )
    """By mode (SEQ/Map), instrument (RSR) or `default`: what one line gets."""
    combinations: dict[Text, Resources] = Field(default_factory=dict)
    """The same for combinations, where they need something else."""
    escalation: Escalation = Escalation()
    """What follows when time or memory ran out."""
    max_submit: WholeNumber = Field(default=5000, ge=1)
    """Most jobs (array tasks) of a project in the queue at a time; the rest follows in waves. A site that takes fewer
    is found out."""
    poll_seconds: WholeNumber = Field(default=10, ge=1, le=3600)
    """How often the queue is asked."""
    patience_minutes: WholeNumber = Field(default=30, ge=0)
    """How long a Slurm that does not answer is waited for."""


class Taps(Frozen):
    """How quick looks travel to where people look at them, and what is taken there."""

    ssh: tuple[Text, ...] = ("ssh",)
    """The program and its leading arguments, e.g. [ssh, -J, gate.example.org]."""
    remote_command: tuple[Text, ...] = ("lmtbot",)
    """lmtbot on the far side, e.g. [/home/lmtslr/lmtoy_run/.venv/bin/lmtbot]."""
    most_files: WholeNumber = Field(default=5000, ge=1)
    """A TAP with more files is refused (a real one has about a hundred)."""
    most_mb: WholeNumber = Field(default=500, ge=1)
    """A TAP that unpacks to more is refused (a real one has a few MB)."""


class RawFiles(Frozen):
    """When raw files count as arrived."""

    settle_seconds: WholeNumber = Field(default=5, ge=0, le=3600)
    """A file that was written to less than this ago may still be growing, and is not opened."""
    wait_minutes: WholeNumber = Field(default=240, ge=0)
    """How long after the newest file of an obsnum a missing one is waited for; then the obsnum goes without it."""
    trust_hours: WholeNumber = Field(default=24, ge=0)
    """A spectrometer file that is here for longer is taken by its name; a younger one is asked whether it is whole."""
    recheck_files: WholeNumber = Field(default=10_000, ge=0)
    """Every scan looks whether the newest so many header files were replaced; `lmtbot scan --rebuild` looks at all."""


class QuickLooks(Frozen):
    """The quick look at the telescope."""

    jobs: WholeNumber = Field(default=2, ge=1, le=64)
    """How many pipelines run side by side."""
    poll_seconds: WholeNumber = Field(default=10, ge=1, le=3600)
    """How often it is looked for new observations."""
    since: Day | None = None
    """First day (UT) of observations that get a quick look; left out: all that are there."""
    parameters: tuple[Word, ...] = ()
    """Standing parameters of the site, e.g. [extent=120], after those of $WORK_LMT/SLpipeline.d/SLpipeline.in."""
    free_mb: WholeNumber = Field(default=500, ge=0)
    """No quick look begins while less is free on the disk of WORK_LMT."""
    send_to: Text = ""
    """Where the TAPs go: user@host:DIR, or a folder; "" leaves them here."""


class Hub(Frozen):
    """Where the repository lives on GitHub, and how the bot behaves there."""

    repository: Text = ""
    """OWNER/NAME; in a workflow GITHUB_REPOSITORY says it."""
    bot: Word = "lmtbot[bot]"
    """Login under which the bot writes: SLUG[bot] of its App, or the machine account's login."""
    main: Word = "main"
    """The branch that is the desired state."""
    tries: WholeNumber = Field(default=6, ge=1, le=20)
    """How often a call that fails is made."""
    patience_minutes: WholeNumber = Field(default=65, ge=0)
    """Longest wait that GitHub may ask for (its limits begin anew every hour)."""
    timeout_seconds: WholeNumber = Field(default=30, ge=1)
    """How long an answer is waited for (GitHub itself gives up after ten seconds)."""
    progress_seconds: WholeNumber = Field(default=60, ge=1)
    """A report of a run that goes on is not edited more often than this."""


class RoleHolders(Frozen):
    """Who has a role."""

    users: tuple[Word, ...] = ()
    """GitHub logins."""
    teams: tuple[Word, ...] = ()
    """Teams of the organisation, by the name in their address."""


class Roles(Frozen):
    """Who may do what. Nobody who is not named; the PIs of a project stand in its project.yaml."""

    po: RoleHolders = RoleHolders()
    """Pipeline operators: merge, release."""
    da: RoleHolders = RoleHolders()
    """Data analysts: quality assurance."""


class Machine(Frozen):
    """What is different on one machine; LMTBOT_MACHINE in its environment names it."""

    data: Text = ""
    """DATA_LMT, unless the environment or --data says it."""
    work: Text = ""
    """WORK_LMT, unless the environment or --work says it."""
    executor: Literal["local", "slurm"] = "local"
    """Who runs the lines."""
    jobs: WholeNumber | None = Field(default=None, ge=1, le=1024)
    """Pipelines side by side with the local executor; left out: `jobs`."""
    pipeline: Pipeline | None = None
    """How the pipeline is called here; left out: `pipeline`."""
    trial_work: Text = ""
    """Where trials of the DAs go, with {login} for who asked, e.g. /nese/helpdesk/{login}; "": no trials here."""
    trial_products: Text = ""
    """Address below which people see these trials, with {login}, e.g. http://taps.lmtgtm.org/lmthelpdesk/{login}."""


class QuietHours(Frozen):
    """When no pull request is opened."""

    begin: Text = Field(pattern=r"^[0-2]\d:[0-5]\d$")
    """HH:MM."""
    end: Text = Field(pattern=r"^[0-2]\d:[0-5]\d$")
    """HH:MM."""
    zone: Text = "America/New_York"
    """Name of the time zone."""


class Policies(Frozen):
    """What the site wants of the loop."""

    approvals: WholeNumber = Field(default=1, ge=1, le=6)
    """How many DAs have to approve a QA pull request at its last commit."""
    quiet_hours: QuietHours | None = None
    """When no pull request is opened; what arrives then waits."""
    new_data_stop_level2: Truth = True
    """Level 2 is refused while the observation log has more of the project than main."""
    privacy: Literal["numbers", "states"] = "numbers"
    """What is told of a project before its public day, on GitHub and by a public site: `numbers` (and names of files,
    links), or `states`, without anything that was measured or stands in a log."""


class Dataverse(Frozen):
    """A Dataverse that products are sent to; the API token comes from the environment (docs/archive.md)."""

    route: Literal["pipeline", "api"] = "pipeline"
    """pipeline: by the pipeline's own archive=1, one line at a time; api: by Dataverse's native API."""
    address: Text = ""
    """Its address, e.g. https://dataverse.example.org (route api)."""
    collection: Text = ""
    """Alias of the collection that holds the datasets; {pid} stands for the project."""
    contact: Text = ""
    """E-mail address that every dataset names, as Dataverse asks for."""
    patience_minutes: WholeNumber = Field(default=30, ge=1)
    """How long a dataset that Dataverse has locked is waited for."""


class Archiving(Frozen):
    """How and where released projects are archived."""

    store: Literal["bag", "dataverse"] = "bag"
    """bag: a BagIt bag with RO-Crate metadata for each observation and combination; dataverse: a dataset for each."""
    folder: Text = ""
    """Where the bags lie; "": $WORK_LMT/archive."""
    failed: Literal["leave_out", "archive"] = "leave_out"
    """What becomes of observations that are graded as failed."""
    terms: Text = "Proprietary until the public date; afterwards under the data policy of the observatory."
    """Under which terms the products may be used."""
    tries: WholeNumber = Field(default=3, ge=1, le=10)
    """How often a call to the archive that got no answer is made."""
    dataverse: Dataverse = Dataverse()
    """The Dataverse."""


class Webruns(Frozen):
    """How much a PI may ask for without a PO, and how long it is kept."""

    open_sessions: WholeNumber = Field(default=6, ge=0)
    """Sessions of a project that may be there at a time; more need a PO's `/accept`."""
    open_by_person: WholeNumber = Field(default=3, ge=0)
    """Sessions that one person may have in a project at a time."""
    run_lines: WholeNumber = Field(default=200, ge=0)
    """Run lines of one session."""
    hours: float = Field(default=24, ge=0)
    """Hours that a session may take, all lines one after the other, by what they took before."""
    expire_days: WholeNumber = Field(default=30, ge=1)
    """Days after which a session is deleted."""
    warn_days: WholeNumber = Field(default=5, ge=0)
    """Days before that on which it is said."""


class Settings(Frozen):
    """Everything that a site may set. Unknown keys are errors: a misspelt key would be ignored in silence."""

    pipeline: Pipeline = Pipeline()
    """The pipeline."""
    slurm: Slurm = Slurm()
    """Slurm, where one machine is not enough."""
    taps: Taps = Taps()
    """How quick looks travel."""
    quicklook: QuickLooks = QuickLooks()
    """The quick look at the telescope."""
    raw: RawFiles = RawFiles()
    """The raw data."""
    jobs: WholeNumber = Field(default=2, ge=1, le=1024)
    """How many pipelines run side by side with the local executor."""
    github: Hub = Hub()
    """The repository on GitHub."""
    roles: Roles = Roles()
    """Who may do what."""
    machines: dict[Word, Machine] = Field(default_factory=dict)
    """Machines by name: unity, helpdesk, malt."""
    policies: Policies = Policies()
    """What the site wants of the loop."""
    archive: Archiving = Archiving()
    """The archive."""
    webrun: Webruns = Webruns()
    """Reductions that PIs ask for."""
    project_table: Text = ""
    """CSV file of the site's projects (pid,title,pi,github,public), whole path or below the repository; "": none."""
    products: Text = ""
    """Address below which people see results, e.g. http://taps.lmtgtm.org/lmtslr; "": no links."""


@dataclass(frozen=True)
class Site:
    """Where we stand: the repository, the raw data, the results, and the settings."""

    root: Path
    data: Path | None
    work: Path | None
    settings: Settings
    machine: Machine = field(default_factory=Machine)
    trusted: Path | None = None
    """The checkout whose settings and templates count, where `root` holds the files of a stranger."""
    behind: tuple[str, ...] = ()
    """Words behind every run line, where the last of a key counts."""

    @property
    def code(self) -> Path:
        """Return the checkout whose settings and templates count: never one that a pull request brings."""
        return self.trusted or self.root

    @property
    def projects(self) -> Path:
        """Return the folder that holds one folder a project."""
        return self.root / "projects"

    def need_data(self) -> Path:
        """Return DATA_LMT; raise SettingsError when nobody said it."""
        return _needed(self.data, "DATA_LMT", "--data", "the read-only raw data and data_lmt.log")

    def need_work(self) -> Path:
        """Return WORK_LMT; raise SettingsError when nobody said it."""
        return _needed(self.work, "WORK_LMT", "--work", "the results")

    def need_work_there(self) -> Path:
        """Return WORK_LMT; raise SettingsError when it is no folder: a mistyped one would be filled anew."""
        work = self.need_work()
        if not work.is_dir():
            raise SettingsError(f"{work}: there is no such folder; make it, or mend WORK_LMT (--work DIR)")
        return work


def find_site(
    root: str | None, data: str | None, work: str | None, environment: Mapping[str, str], *, trusted: str | None = None
) -> Site:
    """Put options, environment and settings file together; options win over the environment.

    `trusted` is the checkout to take settings and templates from, where it is not `root`.
    """
    folder = Path(root).absolute() if root else _root_here(Path.cwd())
    ours = Path(trusted).absolute() if trusted else folder
    for one, option in ((folder, "--root"), (ours, "--base")):
        if not one.is_dir():
            raise SettingsError(f"{one}: there is no such folder; give the repository with {option} DIR")
    settings = read_settings(ours)
    machine = _machine(settings, environment.get("LMTBOT_MACHINE", ""))
    raw = data or environment.get("DATA_LMT") or machine.data
    results = work or environment.get("WORK_LMT") or machine.work
    told = {"jobs": machine.jobs, "pipeline": machine.pipeline}
    return Site(
        root=folder,
        data=Path(raw).absolute() if raw else None,
        work=Path(results).absolute() if results else None,
        settings=settings.model_copy(update={key: value for key, value in told.items() if value is not None}),
        machine=machine,
        trusted=ours if trusted else None,
    )


def _machine(settings: Settings, name: str) -> Machine:
    if name and name not in settings.machines:
        known = ", ".join(settings.machines) or "none"
        raise SettingsError(f"LMTBOT_MACHINE={name}: .github/lmtbot.yml has no such machine (it has: {known})")
    return settings.machines.get(name, Machine())


def read_settings(root: Path) -> Settings:
    """Read .github/lmtbot.yml of the repository; without the file everything has its default."""
    from bot.formats.validation import read_model

    path = root / SETTINGS_FILE
    try:
        return read_model(path, Settings, shown=str(SETTINGS_FILE))[0]
    except FileNotFoundError:
        return Settings()
    except ProjectError as error:
        raise SettingsError(str(error)) from error
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}; it must be a file that you may read") from error


def _root_here(start: Path) -> Path:
    """Return the innermost folder around `start` that has projects/, else `start` itself."""
    return next((folder for folder in (start, *start.parents) if (folder / "projects").is_dir()), start)


def _needed(path: Path | None, variable: str, option: str, what: str) -> Path:
    if path is None:
        raise SettingsError(f"{variable} is not set; it names the folder of {what}: export it or give {option} DIR")
    return path
