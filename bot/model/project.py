"""The project as its four files say it: project.yaml, qa.yaml, level2.yaml, archive.yaml.

What each key means is written here once, as the field's description; the JSON Schemas and the docs come from it.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import (
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from bot.model.frozen import Frozen
from bot.model.scalars import Day, Grade, Obsnum, Pid, Text, Truth, WholeNumber, Word

Tier = Literal["a", "b", "c"]
TIERS: tuple[Tier, ...] = ("a", "b", "c")
Bank = Literal[0, 1]
SAFE_CHARACTERS = re.compile(r"[A-Za-z0-9_.,+\-/:%@\[\]=]")
"""What a value may be made of."""
SAFE_KEY = re.compile(r"_?[A-Za-z][A-Za-z0-9_]*|[=0-9.,+-]+")
ENVIRONMENT_KEY = re.compile(r"[A-Z_][A-Z0-9_]*")
"""Names like PATH or LD_PRELOAD: the pipeline exports whatever it is given."""
BARE_WORD = re.compile(r"[A-Za-z0-9_.,+\-/:%@\[\]?!~()*^#]+", re.ASCII)
"""A word without `=`, as stands in old comments: kept to be read, written to runfiles, never given to the pipeline."""
MODE_PATTERN = r"^[A-Z0-9]+/[A-Za-z]+$"


class Parameters(tuple[str, ...]):
    """The words of a run line's parameters, in their order: ("extent=120", "pix_list=-0,5").

    A file says them as a mapping (`pix_list: -0,5`) or as one text, the way a run line writes them
    (`"extent=120 pix_list=-0,5"`). When a key stands twice, the pipeline takes the last.
    """

    __slots__ = ()

    def __new__(cls, words: Any = ()) -> Parameters:
        return super().__new__(cls, tuple(words))

    @classmethod
    def parse(cls, value: Any) -> Parameters:
        """Read a text of words, a mapping of key to value, or words already parted; refuse what is no parameter."""
        if isinstance(value, Parameters):
            return value
        if isinstance(value, dict):
            words = [(str(key), _word_of(str(key), inner)) for key, inner in value.items()]
        elif isinstance(value, str | list | tuple):
            parted = value.split() if isinstance(value, str) else value
            words = [("", str(word)) for word in parted]
        else:
            cure = "write a mapping (`key: value`) or one text (`key=value key=value`)"
            raise ValueError("this is no parameters", cure)
        faults = [(key, fault) for key, word in words if (fault := _unsafe(word))]
        if faults:
            raise PydanticCustomError("parameters", "{faults}", {"faults": faults})
        return cls(word for _, word in words)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Key and value of every word; a word without `=` has the whole word as key and no value."""
        return tuple((key, value) for key, _, value in (word.partition("=") for word in self))

    def get(self, key: str) -> str | None:
        """Return the value that acts: the last one, as the pipeline reads them."""
        return next((value for name, value in reversed(self.pairs) if name == key), None)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(list)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"$ref": "#/$defs/Parameters"}


def _word_of(key: str, value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{key}= {type(value).__name__}"
    return f"{key}={'' if value is None else value}"


def _unsafe(word: str) -> tuple[str, str] | None:
    """Say why the word could be something else than a parameter, and the rule; None if it cannot.

    It becomes an argument of a program, and a word in the shell scripts that people go back to.
    """
    key, equals, value = word.partition("=")
    if not equals and BARE_WORD.fullmatch(word):
        return None
    if (key and not SAFE_KEY.fullmatch(key)) or ENVIRONMENT_KEY.fullmatch(key):
        return f"{key!r} is not the name of a parameter", "names are small letters, digits and _"
    bad = " ".join(repr(char) for char in sorted(set(SAFE_CHARACTERS.sub("", value))))
    if bad:
        return f"{word!r} holds {bad}", "a value is one word without white space, quotes or shell characters"
    return None


class Listing(Frozen):
    """One obsnum in a source's list. Written as the bare number where nothing else is to be said."""

    obsnum: Obsnum
    """The obsnum."""
    combine: Truth = True
    """false: this listing stays out of the source's combination (qa.yaml says it for all listings)."""
    project: Pid | None = None
    """The ProjectId that the raw data carry, where it is another one and that is meant."""

    @classmethod
    def of(cls, value: Any) -> Any:
        """Accept the bare number as well as the mapping."""
        return value if isinstance(value, dict | Listing) else {"obsnum": value}


class MosaicPart(Frozen):
    """A source whose obsnums are part of a mosaic. Written as the bare name when it is this project's own."""

    source: Word
    """Name of the source."""
    project: Pid | None = None
    """The project that the source belongs to; left out: this one."""

    @classmethod
    def of(cls, value: Any) -> Any:
        """Accept the bare name as well as the mapping."""
        return value if isinstance(value, dict | MosaicPart) else {"source": value}


class Tiers(Frozen):
    """The parameters of the three passes. A tier that is not there is not run for this source."""

    a: Parameters | None = None
    """First pass, minimal flagging (`restart=1`)."""
    b: Parameters | None = None
    """Improved pass: bank 0 if there are two."""
    c: Parameters | None = None
    """Improved pass of bank 1."""

    @model_validator(mode="before")
    @classmethod
    def _empty_is_no_parameters(cls, value: Any) -> Any:
        """Read `b:` with nothing behind it as a tier that runs without parameters."""
        if isinstance(value, dict):
            return {key: {} if inner is None else inner for key, inner in value.items()}
        return value

    def get(self, tier: Tier) -> Parameters | None:
        """Return the parameters of one tier, None where the source does not have it."""
        found: Parameters | None = getattr(self, tier)
        return found


class Source(Frozen):
    """A target on the sky: its obsnums and how they are reduced."""

    obsnums: tuple[Listing, ...] = ()
    """The obsnums, one a line, in the order in which they are combined."""
    mosaic: tuple[MosaicPart, ...] = ()
    """Sources whose obsnums are combined here, before the source's own; they are reduced where they are listed."""
    tiers: Tiers = Tiers()
    """Parameters of the passes a, b, c."""
    mode: Word | None = Field(default=None, pattern=MODE_PATTERN)
    """Instrument/obspgm of this source, e.g. SEQ/Map, where it is not the project's."""
    aliases: tuple[Word, ...] = ()
    """Other names under which the observation log knows this source."""
    note: Text | None = None
    """Words."""

    @field_validator("obsnums", mode="before")
    @classmethod
    def _bare_obsnums(cls, value: Any) -> Any:
        return [Listing.of(item) for item in value] if isinstance(value, list | tuple) else value

    @field_validator("mosaic", mode="before")
    @classmethod
    def _bare_names(cls, value: Any) -> Any:
        return [MosaicPart.of(item) for item in value] if isinstance(value, list | tuple) else value


class Person(Frozen):
    """Whose project it is."""

    name: Text | None = None
    """Name of the proposer (PI)."""
    github: tuple[Word, ...] = ()
    """GitHub logins of the PI and co-PIs, who may ask for webruns."""


class Legacy(Frozen):
    """What the old lmtoy_PID folder said and nothing else can: kept for the record, nothing reads it to decide."""

    project: Word | None = None
    """`project` of mk_runs.py, where it was not the ProjectId; it named the old runfiles."""
    done: Text | None = None
    """DONE= of the PID file."""
    archived: Text | None = None
    """ARCHIVED= of the PID file."""


class Project(Frozen):
    """project.yaml: what belongs to the project and how it is reduced. Owned by the bot and the PO."""

    pid: Pid
    """ProjectId; the folder has the same name."""
    pi: Person = Person()
    """The proposer."""
    title: Text | None = None
    """Title of the proposal."""
    mode: Word | None = Field(default=None, pattern=MODE_PATTERN)
    """Instrument/obspgm of all sources that do not say another, e.g. SEQ/Map; run lines carry it as `_io`."""
    public: Day | None = None
    """End of the proprietary time; left out: one year after the last observation."""
    sources: dict[Word, Source] = Field(default_factory=dict)
    """The sources, in the order in which they are run."""
    left_out: dict[Obsnum, Text] = Field(default_factory=dict)
    """Obsnums of this project that are not reduced, with the reason."""
    legacy: Legacy = Legacy()
    """What the folder before the import said."""


class BankVerdict(Frozen):
    """The DA's word on one bank."""

    grade: Grade | None = None
    """qagrade."""
    flags: Parameters = Parameters()
    """Parameters for this bank only: bank 0 in tier b, bank 1 in tier c."""
    note: Text | None = None
    """Words."""


class Verdict(Frozen):
    """The DA's word on an obsnum or a combination."""

    grade: Grade | None = None
    """qagrade."""
    combine: Truth = True
    """false: in no combination."""
    flags: Parameters = Parameters()
    """Parameters for this obsnum only; with two banks they reach bank 0 (tier b), say it under `banks` for each."""
    note: Text | None = None
    """Words."""
    banks: dict[WholeNumber, BankVerdict] = Field(default_factory=dict)
    """What differs from bank to bank: 0, 1."""

    @field_validator("banks")
    @classmethod
    def _known_banks(cls, value: dict[int, BankVerdict]) -> dict[int, BankVerdict]:
        for bank in value:
            if bank not in (0, 1):
                raise ValueError(f"bank {bank} does not exist", "there are 0 and 1")
        return value


class Qa(Frozen):
    """qa.yaml: the verdicts. Owned by the DA."""

    obsnums: dict[Obsnum, Verdict] = Field(default_factory=dict)
    """Per obsnum."""
    combinations: dict[Word, Verdict] = Field(default_factory=dict)
    """Per combination, by its name FIRST_LAST (first and last obsnum in list order)."""
    note: Text | None = None
    """Words on the whole project."""

    @field_validator("combinations")
    @classmethod
    def _names(cls, value: dict[str, Verdict]) -> dict[str, Verdict]:
        for name in value:
            first, _, last = name.partition("_")
            if not (first.isdecimal() and last.isdecimal()):
                raise ValueError(f"{name!r} is not the name of a combination", "write FIRST_LAST, e.g. 117345_110041")
        return value


class Level2(Frozen):
    """level2.yaml: the run lines of level 2 as the bot wrote and the DA approved them."""

    digest: Word
    """Digest of the plan."""
    lines: tuple[Text, ...]
    """Every run line, in the plan's order."""
    after: Text = ""
    """The merge of the same lines that was refused before, so that they can be approved anew."""


class Deposit(Frozen):
    """One observation or combination in the archive."""

    name: Word
    """Obsnum, or FIRST_LAST."""
    id: Text
    """Identifier in the archive: DOI, or bag:PID/NAME/vN."""
    checksum: Word
    """algorithm:hex of what was sent: of the list of its files' checksums."""
    tag: Word
    """The release that sent it; a later one that changes nothing of it sends nothing."""


class Archive(Frozen):
    """archive.yaml: what lies in the archive. Written by the bot."""

    tag: Word
    """The release, PID/vN."""
    date: Day
    """When it was begun to be sent."""
    commit: Word
    """The commit that the tag named then."""
    digest: Word
    """Digest of the plan of level 2 that made the products."""
    store: Word
    """Where it was sent: bag, dataverse, or pipeline (by its own archive=1)."""
    deposits: tuple[Deposit, ...] = ()
    """One an observation or combination."""
    left_out: dict[Word, Text] = Field(default_factory=dict)
    """What the release does not archive, with the reason."""
