"""What a file of the catalogue may say, as types; `schemas/source.v1.schema.json` is derived from them."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ingestion.sources.api_facts import ApiFacts

Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]
Address = Annotated[str, Meta(pattern=r"^https?://[^\s/]+", max_length=2000)]
Location = Annotated[str, Meta(pattern=r"^(https?|s3)://[^\s/]+", max_length=2000)]
Seconds = Annotated[int, Meta(ge=0)]
Kind = Literal["feed", "sitemap", "front_page", "page", "api", "warc", "files"]
Pattern = Annotated[str, Meta(min_length=1, max_length=500)]
Words = Annotated[str, Meta(min_length=1, max_length=500)]

ID_MEANING = "Stable id of lower-case letters, digits, . _ and -; unique."
STEP = re.compile(r"[^.\[\]]+|\[\d*\.*\]")


class PublisherFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who publishes."""

    id: Annotated[Identifier, Meta(description=ID_MEANING)]
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
    """What the source is expected to bring."""

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
        tuple[Pattern, ...],
        Meta(description="Regular expressions; the address must match one of them somewhere, if any."),
    ] = ()
    exclude: Annotated[
        tuple[Pattern, ...], Meta(description="Regular expressions; the address must match none of them.")
    ] = ()


class SourceFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One feed, sitemap, front page, list of pages, API, archive or folder."""

    id: Annotated[Identifier, Meta(description=ID_MEANING)]
    kind: Annotated[Kind, Meta(description="feed, sitemap, front_page, page, api, warc or files.")]
    url: Annotated[
        Address | None,
        Meta(description="Address of the feed, sitemap, page, API or archive, http or https."),
    ] = None
    urls: Annotated[
        tuple[Location, ...],
        Meta(description="Several addresses, for the kinds page and warc; http, https, and s3 for warc."),
    ] = ()
    paths: Annotated[
        tuple[Words, ...],
        Meta(description="Files or folders, for the kinds files and warc; relative to this file."),
    ] = ()
    title: Annotated[Words | None, Meta(description="What the source calls itself.")] = None
    site: Annotated[Address | None, Meta(description="The page that the source belongs to.")] = None
    categories: Annotated[
        tuple[Words, ...], Meta(description="Shelves for people, as World/Asia; kept in OPML.")
    ] = ()
    cadence_seconds: Annotated[
        Seconds, Meta(description="Fewest seconds from one reading of the source to the next.")
    ] = 900
    slowest_seconds: Annotated[
        Seconds | None,
        Meta(description="Most seconds between two readings while the source answers; if unset, a day."),
    ] = None
    recheck_seconds: Annotated[
        Seconds | None,
        Meta(
            description="Seconds before a page that is listed still is visited again; if unset, an hour for "
            "the kind page, and by the plan of rechecks for the others."
        ),
    ] = None
    enabled: Annotated[bool, Meta(description="false keeps the entry without reading the source.")] = True
    expect: Annotated[Expectation | None, Meta(description="What the source is expected to bring.")] = None
    manners: Annotated[Manners, Meta(description="How the host wants to be asked.")] = Manners()
    links: Annotated[LinkRules, Meta(description="Which links are articles.")] = LinkRules()
    api: Annotated[ApiFacts | None, Meta(description="How the API is asked and read; for kind api.")] = None


class CatalogueFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One publisher with its sources."""

    publisher: Annotated[PublisherFacts, Meta(description="Who publishes.")]
    source: Annotated[tuple[SourceFacts, ...], Meta(description="The sources of this publisher.")] = ()


def file_schema() -> dict[str, Any]:
    """Derive the JSON Schema of a catalogue file (2020-12) from the types."""
    # Through JSON, so that it is made of what JSON has: lists, not tuples.
    schema = json.loads(msgspec.json.encode(msgspec.json.schema(CatalogueFile)))
    title = {"title": "Publisher and its sources", "description": "One file of the catalogue, as TOML."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **title, **schema}


def meaning(key: str) -> str | None:
    """What should stand at a place such as `source[2].manners.interval_seconds`; None for no known place."""
    described: str | None = None
    for node in _nodes(key):
        described = node.get("description", described) if node else None
    return described


def keys_at(key: str) -> list[str]:
    """The keys that may stand at a place such as `source[2]`, in order."""
    schema = file_schema()
    return list(_resolved(schema, list(_nodes(key))[-1]).get("properties", {}))


def _nodes(key: str) -> Iterator[dict[str, Any]]:
    """The parts of the schema on the way to a place."""
    schema = file_schema()
    node: dict[str, Any] = schema
    yield {"$ref": schema["$ref"]}
    for step in STEP.findall(key):
        node = _resolved(schema, node)
        node = node.get("items", {}) if step.startswith("[") else node.get("properties", {}).get(step, {})
        yield node


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, also where it is one of several or the value may be missing."""
    for choice in (node, *node.get("anyOf", ()), *node.get("allOf", ())):
        if "$ref" in choice:
            definition: dict[str, Any] = schema["$defs"][choice["$ref"].rpartition("/")[2]]
            return definition
    return next((choice for choice in node.get("anyOf", ()) if "items" in choice), node)
