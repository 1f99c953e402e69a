"""The indices of one kind of document, the template they are made by, and the two aliases that name them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from ingestion.errors import ConfigurationError, Stop
from ingestion.search.elasticsearch.faults import Missing, TooLargeRequest
from ingestion.search.elasticsearch.server import Server

EXISTS = "resource_already_exists_exception"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Names and settings: indices `name-000001`, …, read as `name` and written as `name-write`.

    What is None is left to the template or to Elasticsearch.
    """

    name: str
    template: Mapping[str, Any]
    shards: int | None = None
    replicas: int | None = None
    refresh_interval: str | None = None

    @property
    def reading(self) -> str:
        """The alias that is searched."""
        return self.name

    @property
    def writing(self) -> str:
        """The alias that is written to."""
        return f"{self.name}-write"

    @property
    def settings(self) -> dict[str, Any]:
        """The index settings that go before those of the template."""
        told = {
            "number_of_shards": self.shards,
            "number_of_replicas": self.replicas,
            "refresh_interval": self.refresh_interval,
        }
        return {name: value for name, value in told.items() if value is not None}

    def number(self, number: int) -> str:
        """The name of one of the indices."""
        return f"{self.name}-{number:06d}"

    def following(self, indices: frozenset[str]) -> str:
        """The name of the next index."""
        return self.number(max((int(index[-6:]) for index in indices), default=0) + 1)


@dataclass(frozen=True, kw_only=True)
class Aliases:
    """Which indices there are, and which of them are read and written."""

    indices: frozenset[str]
    read: frozenset[str]
    written: frozenset[str]

    @property
    def is_complete(self) -> bool:
        """Both aliases name one index each."""
        return len(self.read) == len(self.written) == 1


def look(server: Server, layout: Layout) -> Aliases:
    """See where the aliases point now; every node knows a change by the time it is acknowledged."""
    found = server.write("aliases", lambda client: client.indices.get_alias(index=f"{layout.name}-*")).body
    ours = re.compile(rf"{re.escape(layout.name)}-[0-9]{{6}}")
    named = {index: entry["aliases"] for index, entry in found.items() if ours.fullmatch(index)}
    return Aliases(
        indices=frozenset(named),
        read=frozenset(index for index, aliases in named.items() if layout.reading in aliases),
        written=frozenset(index for index, aliases in named.items() if layout.writing in aliases),
    )


def set_up(server: Server, layout: Layout) -> Aliases:
    """Bring the template up to date, and make the first index where there is none. Safe for several at once.

    Raises `ConfigurationError` where there are indices whose aliases somebody took away.
    """
    put_template(server, layout)
    aliases = look(server, layout)
    if not aliases.indices:
        create(server, layout, layout.number(1), aliases={layout.reading: {}, layout.writing: WRITE})
        aliases = look(server, layout)
    if not aliases.is_complete:
        raise ConfigurationError(
            f"the aliases {layout.reading} and {layout.writing} do not name one index each, but "
            f"{sorted(aliases.read)} and {sorted(aliases.written)}; see docs/elasticsearch.md"
        )
    return aliases


WRITE = {"is_write_index": True}


def put_template(server: Server, layout: Layout) -> None:
    """Put the template, unless a newer program has put a newer one."""
    if (template_version(server, layout) or 0) < layout.template["version"]:
        body = {**layout.template, "index_patterns": [f"{layout.name}-*"]}
        meta = body.pop("_meta")
        server.write(
            "template",
            lambda client: client.indices.put_index_template(name=layout.name, meta=meta, **body),
        )


def extend(server: Server, layout: Layout, aliases: Aliases) -> bool:
    """Add the fields of a newer template to the indices there are, and put it after that.

    False where an index does not take them, as they are more than new fields: it has to be built anew.
    Killed in between, the next one does it again.
    """
    if (template_version(server, layout) or 0) >= layout.template["version"]:
        return True
    properties = layout.template["template"]["mappings"]["properties"]
    names = sorted(aliases.read | aliases.written)
    try:
        server.write("mapping", lambda client: client.indices.put_mapping(index=names, properties=properties))
    except (ConfigurationError, Missing, TooLargeRequest):
        raise
    except Stop:
        return False
    put_template(server, layout)
    return True


def template_version(server: Server, layout: Layout) -> int | None:
    """The version of the template that the cluster has, None if it has none."""
    try:
        found = server.write(
            "template version", lambda client: client.indices.get_index_template(name=layout.name)
        )
    except Missing:
        return None
    version: int | None = found["index_templates"][0]["index_template"].get("version")
    return version


def create(
    server: Server,
    layout: Layout,
    index: str,
    *,
    aliases: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
) -> bool:
    """Make an index; False where somebody else was faster."""

    def request(client: Elasticsearch) -> object:
        return client.indices.create(
            index=index, aliases=aliases, settings={**layout.settings, **(settings or {})}
        )

    try:
        server.write(f"index {index}", request)
    except Stop as fault:
        if EXISTS in str(fault):
            return False
        raise
    return True
