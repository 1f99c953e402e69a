"""How the cluster and the index are, for a person who has to see to them."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ingestion.errors import Stop
from ingestion.search.elasticsearch.index import ElasticsearchIndex
from ingestion.search.elasticsearch.layout import look, template_version
from ingestion.search.elasticsearch.server import Server

UNKNOWN = "unknown"
BLOCKS = {
    "read_only_allow_delete": "free disk space on the data nodes; the block then goes away by itself",
    "read_only": "set index.blocks.read_only to false when nobody needs it any more",
    "write": "set index.blocks.write to false when nobody needs it any more",
}


class Health(Struct, frozen=True, kw_only=True):
    """What was found. `blocks` maps an index to what keeps it from being written; `advice` is what to do."""

    cluster: str
    version: str
    status: str
    license: str
    template_version: int | None
    expected_template_version: int
    read: tuple[str, ...]
    written: tuple[str, ...]
    indices: tuple[str, ...]
    documents: int
    blocks: dict[str, tuple[str, ...]]

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do, in sentences; nothing where all is well."""
        return tuple(_advice(self))


def health(index: ElasticsearchIndex) -> Health:
    """Look at everything and change nothing. Raises `Unavailable`, or `Stop` where the cluster refuses."""
    server, layout = index.server, index.layout
    version = server.check()
    found = server.read("health", lambda client: client.cluster.health())
    aliases = look(server, layout)
    return Health(
        cluster=found["cluster_name"],
        version=version,
        status=found["status"],
        license=_license(server),
        template_version=template_version(server, layout),
        expected_template_version=layout.template["version"],
        read=tuple(sorted(aliases.read)),
        written=tuple(sorted(aliases.written)),
        indices=tuple(sorted(aliases.indices)),
        documents=_documents(server, layout.reading) if aliases.read else 0,
        blocks=_blocks(server, f"{layout.name}-*"),
    )


def _license(server: Server) -> str:
    """Its type. A server without licensing has none to tell, nor has a key that may not see it."""
    try:
        answer = server.once("license", lambda client: client.license.get())
    except Stop:
        return UNKNOWN
    told: str = answer["license"]["type"]
    return told


def _documents(server: Server, alias: str) -> int:
    total: int = server.read("count", lambda client: client.count(index=alias))["count"]
    return total


def _blocks(server: Server, indices: str) -> dict[str, tuple[str, ...]]:
    found: Mapping[str, Any] = server.read(
        "settings",
        lambda client: client.indices.get_settings(index=indices, name="index.blocks.*", flat_settings=True),
    ).body
    return {index: blocks for index, entry in found.items() if (blocks := _blocks_of(entry["settings"]))}


def _blocks_of(settings: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name.removeprefix("index.blocks.") for name, value in settings.items() if value == "true")


def _advice(found: Health) -> Iterator[str]:
    if found.status == "red":
        yield "a primary shard is missing, and answers are not whole: see GET _cluster/allocation/explain"
    yield from _of_aliases(found.read, found.written)
    if found.template_version is not None and found.template_version < found.expected_template_version:
        yield "the index template is older than this program: the next batch brings it up to date"
    for index, blocks in found.blocks.items():
        yield from (f"{index} takes no writes ({name}): {BLOCKS[name]}" for name in blocks if name in BLOCKS)


def _of_aliases(read: tuple[str, ...], written: tuple[str, ...]) -> Iterator[str]:
    if not read and not written:
        yield "there is no index yet: it is made when the first articles are indexed"
    elif len(read) != 1 or len(written) != 1:
        yield "an alias is missing, or names several indices: see docs/elasticsearch.md"
    elif read != written:
        yield f"{written[0]} is being built in place of {read[0]}: run that to its end, or abandon it"
