"""The catalogue: a folder of TOML files, one per publisher or group, checked by the types in `facts`."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from ingestion.article import Publisher, SourceRef
from ingestion.errors import ConfigurationError
from ingestion.sources.api_facts import ApiFacts
from ingestion.sources.api_request import problem_of
from ingestion.sources.facts import (
    CatalogueFile,
    LinkRules,
    Manners,
    SourceFacts,
    file_schema,
    keys_at,
    meaning,
)

__all__ = [
    "Entry",
    "LinkRules",
    "Manners",
    "file_schema",
    "host_manners",
    "load_catalogue",
    "private_hosts",
    "read_file",
    "read_text",
]

NAMED_FIELD = re.compile(r"field `([^`]+)`")
A_DAY_SECONDS = 86_400
AN_HOUR_SECONDS = 3_600


class Entry(Struct, frozen=True, kw_only=True):
    """One source as the rest of the program uses it. `file` is where it is written."""

    ref: SourceRef
    publisher: Publisher
    urls: tuple[str, ...] = ()
    cadence_seconds: int = 900
    paths: tuple[Path, ...] = ()
    slowest_seconds: int = A_DAY_SECONDS
    recheck_seconds: int | None = None
    enabled: bool = True
    articles_per_day: float | None = None
    manners: Manners = Manners()
    links: LinkRules = LinkRules()
    api: ApiFacts | None = None
    title: str | None = None
    site: str | None = None
    categories: tuple[str, ...] = ()
    file: Path | None = None

    @property
    def id(self) -> str:
        """Id of the source in the catalogue."""
        return self.ref.id

    @property
    def kind(self) -> str:
        """Which code reads it."""
        return self.ref.kind


def load_catalogue(folder: Path) -> list[Entry]:
    """Read all entries, by file name and then in the order of the file. Raises `ConfigurationError`."""
    if not folder.is_dir():
        raise ConfigurationError(f"the catalogue {folder} is no folder; make it, or set the catalogue to one")
    entries: list[Entry] = []
    seen: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        for entry in read_file(path):
            if entry.id in seen:
                raise ConfigurationError(
                    f"{path.name}: the source id {entry.id!r} is also in {seen[entry.id]}; rename one of them"
                )
            seen[entry.id] = path.name
            entries.append(entry)
    return entries


def read_file(path: Path) -> list[Entry]:
    """Read the entries of one file. Raises `ConfigurationError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error.strerror}; check the file") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path.name} is not UTF-8: {error.reason}; save it as UTF-8") from error
    return read_text(text, path)


def read_text(text: str, path: Path) -> list[Entry]:
    """Read the entries of what is, or is to be, the text of a file. Raises `ConfigurationError`."""
    try:
        facts = msgspec.convert(tomllib.loads(text), CatalogueFile)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path.name} is no TOML: {error}; mend that line") from error
    except msgspec.ValidationError as error:
        raise ConfigurationError(_explain(path.name, str(error))) from error
    _check_timezone(path.name, facts.publisher.timezone)
    return [_entry(path, number, facts, source) for number, source in enumerate(facts.source)]


def host_manners(entries: Iterable[Entry]) -> dict[str, Manners]:
    """What the entries ask for each host they name; of several for one host, the politest."""
    found: dict[str, Manners] = {}
    for entry in entries:
        for host in _hosts(entry):
            known = found.get(host, entry.manners)
            found[host] = Manners(
                interval_seconds=max(known.interval_seconds, entry.manners.interval_seconds),
                requests_at_once=min(known.requests_at_once, entry.manners.requests_at_once),
                allow_private=known.allow_private or entry.manners.allow_private,
            )
    return found


def private_hosts(entries: Iterable[Entry]) -> tuple[str, ...]:
    """The hosts that may have private addresses, because an entry says so."""
    return tuple(sorted(host for host, manners in host_manners(entries).items() if manners.allow_private))


def _hosts(entry: Entry) -> set[str]:
    return {host.lower() for url in entry.urls if (host := urlsplit(url).hostname)}


def _explain(name: str, problem: str) -> str:
    what, _, at = problem.partition(" - at `$")
    key = at.strip("`").lstrip(".")
    return f"{name}: {key or 'the file'}: {what}; {_remedy(what, key)}"


def _remedy(problem: str, key: str) -> str:
    field = NAMED_FIELD.search(problem)
    if field and "unknown" in problem:
        return f"remove it, or write one of {', '.join(keys_at(key))}"
    wanted = meaning(".".join(filter(None, (key, field[1] if field else ""))))
    return f"it should be: {wanted}" if wanted else "mend or remove it"


def _check_timezone(name: str, timezone: str | None) -> None:
    try:
        if timezone is not None:
            ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"{name}: publisher.timezone: {timezone!r} is unknown; write an IANA name such as Asia/Qatar"
        ) from error


def _entry(path: Path, number: int, facts: CatalogueFile, source: SourceFacts) -> Entry:
    urls = ((source.url,) if source.url else ()) + source.urls
    problem = _problem(source, urls)
    if problem:
        raise ConfigurationError(f"{path.name}: source[{number}] ({source.id}): {problem}")
    return Entry(
        ref=SourceRef(id=source.id, kind=source.kind, url=urls[0] if urls else None),
        publisher=Publisher(**msgspec.structs.asdict(facts.publisher)),
        urls=urls,
        paths=tuple((path.parent / place).resolve() for place in source.paths),
        cadence_seconds=source.cadence_seconds,
        slowest_seconds=_slowest_seconds(source),
        recheck_seconds=_recheck_seconds(source),
        manners=source.manners,
        links=source.links,
        api=source.api,
        enabled=source.enabled,
        articles_per_day=source.expect.articles_per_day if source.expect else None,
        title=source.title,
        site=source.site,
        categories=source.categories,
        file=path,
    )


def _problem(source: SourceFacts, urls: tuple[str, ...]) -> str | None:
    return (
        _place_problem(source, urls)
        or _api_problem(source)
        or _rhythm_problem(source)
        or next(filter(None, map(_host_problem, urls)), None)
        or _rule_problem(source.links)
    )


def _place_problem(source: SourceFacts, urls: tuple[str, ...]) -> str | None:
    kind = source.kind
    if source.paths and kind not in ("files", "warc"):
        return f"paths are for the kinds files and warc, not for {kind}; use url"
    if kind == "files":
        return "kind files reads paths; remove url and urls" if urls else _without(source.paths, "paths")
    if kind == "warc":
        return _without((*urls, *source.paths), "urls or paths")
    if any(url.startswith("s3:") for url in urls):
        return "an s3 address is for kind warc alone; use http or https"
    if kind != "page" and len(urls) > 1:
        return f"a {kind} has one url; write one [[source]] for each"
    return _without(urls, "url")


def _without(places: tuple[str, ...], key: str) -> str | None:
    what = "path" if key == "paths" else "address"
    return None if places else f"has no {what}; add {key}"


def _api_problem(source: SourceFacts) -> str | None:
    if source.kind == "api" and source.api is None:
        return "kind api needs to be told how the API is asked; add [source.api]"
    if source.kind != "api" and source.api is not None:
        return f"[source.api] is for kind api, not for {source.kind}; remove it or change the kind"
    return problem_of(source.url or "", source.api) if source.api else None


def _slowest_seconds(source: SourceFacts) -> int:
    slowest = source.slowest_seconds
    return max(A_DAY_SECONDS, source.cadence_seconds) if slowest is None else slowest


def _recheck_seconds(source: SourceFacts) -> int | None:
    """A list of fixed pages is there to be looked at again; other sources leave articles to their plan."""
    if source.recheck_seconds is None and source.kind == "page":
        return AN_HOUR_SECONDS
    return source.recheck_seconds


def _rhythm_problem(source: SourceFacts) -> str | None:
    if source.slowest_seconds is not None and source.slowest_seconds < source.cadence_seconds:
        return (
            f"slowest_seconds ({source.slowest_seconds}) is less than cadence_seconds "
            f"({source.cadence_seconds}); raise the first or lower the second"
        )
    return None


def _host_problem(url: str) -> str | None:
    try:
        named = urlsplit(url).hostname
    except ValueError:
        named = None
    return None if named else f"{url!r} names no host; write it as in https://gazette.example/rss.xml"


def _rule_problem(rules: LinkRules) -> str | None:
    for key, patterns in (("include", rules.include), ("exclude", rules.exclude)):
        for number, pattern in enumerate(patterns):
            try:
                re.compile(pattern)
            except (re.error, OverflowError) as error:
                return f"links.{key}[{number}]: {pattern!r} is no regular expression: {error}; mend it"
    return None
