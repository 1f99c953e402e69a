"""Rights profiles: which articles an export holds, and for which reason the others are withheld."""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import reduce
from importlib.resources import files
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct

from ingestion.errors import ConfigurationError
from ingestion.lake.table import CONTRACT
from schemas.arrow import arrow_schema
from schemas.plain_arrow import constant, constants

ALL = "all"
TABLE = "rights_profiles.toml"
Value = bool | int | str


class Rule(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Withhold rows for a `reason`, judged by one field of the contract.

    Exactly one of the others is given: values of which it must have one (`unless`), values of which it
    must have none (`where`), a pattern that must not be found in it, or that it is not `stated`.
    """

    reason: str
    field: str
    unless: tuple[Value, ...] = ()
    where: tuple[Value, ...] = ()
    matches: str = ""
    stated: bool = False

    @property
    def kind(self) -> str:
        """The name of the condition that is given. Raises `ValueError` where it is not one."""
        given = [name for name in CONDITIONS if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(CONDITIONS)}, not {' and '.join(given) or 'none'}")
        return given[0]


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named choice of rows; `means` is a sentence for people."""

    means: str
    name: str = ALL
    withhold: tuple[Rule, ...] = ()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the rules in their order: the same one, the same choice; empty where all are taken."""
        return hashlib.sha256(msgspec.json.encode(self.withhold)).hexdigest() if self.withhold else ""

    def folder(self, exports: Path) -> Path:
        """Where its export lies: all articles in the folder itself, another choice beside it."""
        return exports if self.name == ALL else exports.with_name(f"{exports.name}-{self.name}")


class Sieve:
    """Lets through the rows that a profile takes, and counts the others by reason."""

    def __init__(self, profile: Profile) -> None:
        self._rules = profile.withhold
        self.withheld: Counter[str] = Counter()

    def kept(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows to export, in their order."""
        left = None
        for rule in self._rules:
            applies = CONDITIONS[rule.kind](_column(rows, rule.field), rule)
            newly = applies if left is None else pc.and_(left, applies)
            self.withheld[rule.reason] += pc.sum(newly, min_count=0).as_py()
            left = pc.invert(applies) if left is None else pc.and_not(left, applies)
        return rows if left is None else rows.filter(left)


def profiles(own: Path | None = None) -> dict[str, Profile]:
    """Return the profiles by their names, those of a file of the operator's own included.

    Raises `ConfigurationError`, which names the rule that is wrong.
    """
    found = _read(files(__package__).joinpath(TABLE).read_text(encoding="utf-8"), TABLE)
    if own is None:
        return found
    try:
        added = _read(own.read_text(encoding="utf-8"), str(own))
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"the rights profiles in {own} cannot be read: {error}") from error
    if taken := sorted(added.keys() & found.keys()):
        raise ConfigurationError(f"{own}: the names {', '.join(taken)} are taken; choose others")
    return found | added


def chosen(names: tuple[str, ...], own: Path | None = None) -> list[Profile]:
    """Return the profiles of these names, each once. Raises `ConfigurationError`."""
    known = profiles(own)
    if unknown := [name for name in names if name not in known]:
        raise ConfigurationError(
            f"no rights profile {', '.join(unknown)}; there are {', '.join(sorted(known))}"
        )
    return [known[name] for name in dict.fromkeys(names)]


def _read(text: str, place: str) -> dict[str, Profile]:
    try:
        tables = tomllib.loads(text)
        found = {
            name: msgspec.convert({**table, "name": name}, Profile, strict=True)
            for name, table in tables.items()
            if isinstance(table, dict)
        }
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"{place}: no rights profiles: {error}") from error
    for profile in found.values():
        _check(profile, place)
    return found


def _check(profile: Profile, place: str) -> None:
    if not profile.name.replace("-", "").replace("_", "").isalnum():
        raise ConfigurationError(f"{place}: {profile.name!r} names no folder; use letters, digits, - and _")
    for rule in profile.withhold:
        try:
            CONDITIONS[rule.kind](_nothing(rule.field), rule)
        except (ValueError, pa.ArrowException) as error:
            raise ConfigurationError(f"{place}: [{profile.name}] {rule.reason}: {error}") from error


def _nothing(field: str) -> pa.Array:
    """Make one null of the type of a field, for a condition to be tried on. Raises `ValueError`."""
    kind: pa.DataType = pa.struct(list(arrow_schema(CONTRACT)))
    for step in field.split("."):
        if not pa.types.is_struct(kind) or kind.get_field_index(step) < 0:
            raise ValueError(f"the contract of articles has no field {field}")
        kind = kind.field(step).type
    return pa.nulls(1, kind)


def _column(rows: pa.RecordBatch, field: str) -> pa.Array:
    first, *steps = field.split(".")
    return reduce(pc.struct_field, steps, rows.column(first))


def _unless(values: pa.Array, rule: Rule) -> pa.Array:
    return pc.invert(pc.is_in(values, value_set=constants(*rule.unless).cast(values.type)))


def _where(values: pa.Array, rule: Rule) -> pa.Array:
    return pc.is_in(values, value_set=constants(*rule.where).cast(values.type))


def _matches(values: pa.Array, rule: Rule) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(values, pattern=rule.matches), constant(value=False))


def _stated(values: pa.Array, _rule: Rule) -> pa.Array:
    return pc.is_valid(values)


CONDITIONS: Mapping[str, Callable[[pa.Array, Rule], pa.Array]] = {
    "unless": _unless,
    "where": _where,
    "matches": _matches,
    "stated": _stated,
}
