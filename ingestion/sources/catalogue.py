"""The catalogue: TOML files, one per publisher, checked by the types below.

`schemas/source.v1.schema.json` is the same contract for editors and other programs.
"""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from ingestion.article import Publisher, SourceRef
from ingestion.errors import ConfigurationError
from ingestion.sources.api_facts import ApiFacts

Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]
Address = Annotated[str, Meta(pattern=r"^https?://[^\s/]+", max_length=2000)]
Seconds = Annotated[int, Meta(ge=0)]
Kind = Literal["feed", "sitemap", "front_page", "page", "api", "warc", "files"]
Pattern = Annotated[str, Meta(min_length=1, max_length=500)]


class PublisherFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who publishes."""

    id: Annotated[Identifier, Meta(description="Stable id of lower-case letters, digits, . _ and -; unique.")]
    name: Annotated[str | None, Meta(description="Name as readers know it.")] = None
    domain: Annotated[str | None, Meta(description="Registered domain.")] = None
    country: Annotated[
        Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None,
        Meta(description="Country of the newsroom, ISO 3166-1 alpha-2, as in GB."),
    ] = None
    language: Annotated[
        Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None,
        Meta(description="Language the publisher writes in, BCP 47, as in en or pt-BR."),
    ] = None
    timezone: Annotated[
        str | None,
        Meta(
            description="IANA time zone of the newsroom, as in Asia/Qatar; the basis for times without one."
        ),
    ] = None


class Expectation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the source is expected to bring; recorded, and compared with nothing yet."""

    articles_per_day: Annotated[
        Annotated[float, Meta(ge=0)], Meta(description="Fewest articles on an ordinary day.")
    ]


class Manners(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the source's own host wants to be asked; never less politely than the operator's settings."""

    interval_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=3600)],
        Meta(description="Least pause between two requests to the host."),
    ] = 0.0
    requests_at_once: Annotated[
        Annotated[int, Meta(ge=1, le=16)], Meta(description="Most requests to the host at one time.")
    ] = 1
    allow_private: Annotated[
        bool, Meta(description="true lets the host have a private or loopback address.")
    ] = False


class LinkRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which links of a listing are articles."""

    include: Annotated[
        tuple[Pattern, ...], Meta(description="Regular expressions; a link must match one of them, if any.")
    ] = ()
    exclude: Annotated[
        tuple[Pattern, ...], Meta(description="Regular expressions; a link must match none of them.")
    ] = ()


class SourceFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One feed, sitemap, front page, list of pages, API, archive or folder."""

    id: Annotated[Identifier, Meta(description="Stable id of lower-case letters, digits, . _ and -; unique.")]
    kind: Annotated[Kind, Meta(description="feed, sitemap, front_page, page, api, warc or files.")]
    url: Annotated[
        Address | None, Meta(description="Address of the feed, the sitemap or the page, http or https.")
    ] = None
    urls: Annotated[
        tuple[Address, ...], Meta(description="Several addresses; for the kinds page and warc.")
    ] = ()
    paths: Annotated[
        tuple[str, ...],
        Meta(description="Files or folders, for the kinds files and warc; relative to this file."),
    ] = ()
    cadence_seconds: Annotated[
        Seconds, Meta(description="Fewest seconds from one reading of the source to the next.")
    ] = 900
    slowest_seconds: Annotated[
        Seconds, Meta(description="Most seconds between two readings while the source answers.")
    ] = 86_400
    recheck_seconds: Annotated[
        Seconds, Meta(description="Seconds before an article that was visited is visited again.")
    ] = 3600
    enabled: Annotated[bool, Meta(description="false keeps the entry without reading the source.")] = True
    expect: Annotated[Expectation | None, Meta(description="What the source is expected to bring.")] = None
    manners: Annotated[Manners, Meta(description="How the host wants to be asked.")] = Manners()
    links: Annotated[LinkRules, Meta(description="Which links are articles.")] = LinkRules()
    api: Annotated[ApiFacts | None, Meta(description="How the API is asked and read; for kind api.")] = None


class CatalogueFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One publisher with its sources."""

    publisher: Annotated[PublisherFacts, Meta(description="Who publishes.")]
    source: Annotated[tuple[SourceFacts, ...], Meta(description="The sources of this publisher.")] = ()


class Entry(Struct, frozen=True, kw_only=True):
    """One source as the rest of the program uses it."""

    ref: SourceRef
    publisher: Publisher
    urls: tuple[str, ...] = ()
    cadence_seconds: int = 900
    paths: tuple[Path, ...] = ()
    slowest_seconds: int = 86_400
    recheck_seconds: int = 3600
    enabled: bool = True
    articles_per_day: float | None = None
    manners: Manners = Manners()
    links: LinkRules = LinkRules()
    api: ApiFacts | None = None

    @property
    def id(self) -> str:
        """Id of the source in the catalogue."""
        return self.ref.id

    @property
    def kind(self) -> str:
        """feed, sitemap or page."""
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
        facts = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), CatalogueFile)
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be read: {error.strerror}; check the file") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path.name} is not UTF-8: {error.reason}; save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path.name} is no TOML: {error}; mend that line") from error
    except msgspec.ValidationError as error:
        raise ConfigurationError(_explain(path.name, str(error))) from error
    _check_timezone(path.name, facts.publisher.timezone)
    return [_entry(path.name, number, facts.publisher, source) for number, source in enumerate(facts.source)]


def file_schema() -> dict[str, Any]:
    """Derive the JSON Schema of a catalogue file (2020-12) from the types."""
    # Through JSON, so that it is made of what JSON has: lists, not tuples.
    schema = json.loads(msgspec.json.encode(msgspec.json.schema(CatalogueFile)))
    title = {"title": "Publisher and its sources", "description": "One file of the catalogue, as TOML."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **title, **schema}


def _explain(name: str, problem: str) -> str:
    what, _, at = problem.partition(" - at `$")
    key = at.strip("`").lstrip(".") or "the file"
    leaf = key.rpartition(".")[2].partition("[")[0]
    wanted = _descriptions().get(leaf)
    remedy = f"; it should be: {wanted}" if wanted else "; mend or remove it"
    return f"{name}: {key}: {what}{remedy}"


def _descriptions() -> dict[str, str]:
    definitions: dict[str, dict[str, Any]] = file_schema()["$defs"]
    return {
        key: field["description"]
        for definition in definitions.values()
        for key, field in definition["properties"].items()
    }


def _check_timezone(name: str, timezone: str | None) -> None:
    try:
        if timezone is not None:
            ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"{name}: publisher.timezone: {timezone!r} is unknown; write an IANA name such as Asia/Qatar"
        ) from error


def _entry(name: str, number: int, publisher: PublisherFacts, source: SourceFacts) -> Entry:
    urls = ((source.url,) if source.url else ()) + source.urls
    problem = _address_problem(source, urls)
    if problem:
        raise ConfigurationError(f"{name}: source[{number}] ({source.id}): {problem}")
    return Entry(
        ref=SourceRef(id=source.id, kind=source.kind, url=urls[0]),
        publisher=Publisher(**msgspec.structs.asdict(publisher)),
        urls=urls,
        cadence_seconds=source.cadence_seconds,
        slowest_seconds=source.slowest_seconds,
        recheck_seconds=source.recheck_seconds,
        manners=source.manners,
        links=source.links,
        api=source.api,
        enabled=source.enabled,
        articles_per_day=source.expect.articles_per_day if source.expect else None,
    )


def _address_problem(source: SourceFacts, urls: tuple[str, ...]) -> str | None:
    if not urls:
        return "has no address; add url"
    if source.kind != "page" and len(urls) > 1:
        return f"a {source.kind} has one url; write one [[source]] for each"
    return None
