"""Building the index anew beside the old one, with readers and writers going on.

The old index is searched, and written to, until the new one takes its place at one stroke. Copies carry the
versions of what they copy, so they may come twice, in any order, and after newer writes. A deletion is
remembered by the new index for as long as the copying may last. See `targets` for why nothing is lost.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from msgspec import Struct

from ingestion.errors import Stop, Unavailable
from ingestion.ports import Indexed, Row
from ingestion.search.elasticsearch.actions import Action, Result
from ingestion.search.elasticsearch.index import ElasticsearchIndex
from ingestion.search.elasticsearch.layout import WRITE, Aliases, create, extend, look, put_template
from ingestion.search.elasticsearch.scan import scan
from ingestion.search.elasticsearch.translate import ID
from ingestion.search.elasticsearch.writing import Batch

BATCH_ROWS = 500
TOLD_REASONS = 5

WHILE_COPYING: Mapping[str, str] = {"gc_deletes": "30d", "refresh_interval": "-1"}

Progress = Callable[[int, int], None]
"""Is told how many rows are copied, of how many as far as that is known."""


class Reindexed(Struct, frozen=True, kw_only=True):
    """What was done. `superseded` rows had a newer version, or a deletion, in the new index already."""

    index: str
    previous: str
    copied: int
    superseded: int


def reindex(
    target: ElasticsearchIndex, *, rows: Iterable[Row] | None = None, progress: Progress | None = None
) -> Reindexed:
    """Build a new index of the newest template, and read it from then on. The old one is kept.

    1. Make the next index; one that an interrupted run has left is gone on with.
    2. Move the write alias to it. From here on, writers write to both.
    3. Copy: the documents of the old index, or `rows` instead of them, as from the lake.
    4. Move the read alias, at one stroke.

    Raises `Stop` where the new index refuses a row; both go on being written, and `abandon` or another run
    ends that.
    """
    aliases = _begin(target)
    (old,), (new,) = aliases.read, aliases.written
    total = target.count() if rows is None else 0
    source = scan(target.server, old, key=ID) if rows is None else rows
    copied, superseded = _copy(target, source, new, _report(progress, total))
    _swap(target, old=old, new=new)
    return Reindexed(index=new, previous=old, copied=copied, superseded=superseded)


def abandon(target: ElasticsearchIndex, *, progress: Progress | None = None) -> str | None:
    """Give up an index that is being built, and return its name; None if none is.

    The write alias goes back to the old index first. What only the new one was given in that moment is
    copied back before it is removed.
    """
    aliases = look(target.server, target.layout)
    if aliases.read == aliases.written:
        return None
    (old,), (new,) = aliases.read, aliases.written
    _move(target, target.layout.writing, source=new, to=old, options=WRITE)
    _refresh(target, new)
    _copy(target, scan(target.server, new, key=ID), old, _report(progress, 0))
    _remove(target, new)
    return new


def drop_unused(target: ElasticsearchIndex) -> tuple[str, ...]:
    """Remove the indices that neither alias names, and return their names."""
    aliases = look(target.server, target.layout)
    unused = tuple(sorted(aliases.indices - aliases.read - aliases.written))
    for index in unused:
        _remove(target, index)
    return unused


def _begin(target: ElasticsearchIndex) -> Aliases:
    """Steps 1 and 2; a run that finds them done goes on from there."""
    aliases = target.targets.prepare()
    # Writers go on with the old index too, and it takes new fields unless it differs in more than these.
    extend(target.server, target.layout, aliases)
    put_template(target.server, target.layout)
    aliases = look(target.server, target.layout)
    if aliases.read == aliases.written:
        (old,) = aliases.written
        new = target.layout.following(aliases.indices)
        create(target.server, target.layout, new, settings=WHILE_COPYING)
        aliases = _move(target, target.layout.writing, source=old, to=new, options=WRITE)
    (old,) = aliases.read
    # What was written before the alias moved has to be in the point in time that is copied.
    _refresh(target, old)
    return aliases


def _copy(
    target: ElasticsearchIndex, source: Iterable[Row], index: str, told: Callable[[int], None]
) -> tuple[int, int]:
    copied = superseded = 0
    for rows in _batches(source):
        batch = Batch(rows)
        batch.write(partial(_send, target, index))
        results = batch.results
        _check(index, results)
        superseded += sum(result.stale for result in results)
        copied += len(results)
        told(copied)
    return copied - superseded, superseded


def _send(
    target: ElasticsearchIndex, index: str, actions: Callable[[], Iterable[Action]]
) -> dict[str, Result]:
    return target.writer.write(index, actions(), count=BATCH_ROWS, is_alias=False)


def _check(index: str, results: Iterable[Indexed]) -> None:
    refused = [result for result in results if result.error]
    if refused:
        told = "; ".join(f"{result.article_id}: {result.error}" for result in refused[:TOLD_REASONS])
        raise Stop(f"{index} refuses {len(refused)} rows: {told}")


def _swap(target: ElasticsearchIndex, *, old: str, new: str) -> None:
    """Step 4, once the new index is as it is to stay."""
    lasting = {name: target.layout.settings.get(name) for name in WHILE_COPYING}
    target.server.write(
        "settings", lambda client: client.indices.put_settings(index=new, settings={"index": lasting})
    )
    _refresh(target, new)
    _move(target, target.layout.reading, source=old, to=new, options={})


def _move(
    target: ElasticsearchIndex, alias: str, *, source: str, to: str, options: Mapping[str, Any]
) -> Aliases:
    """Take an alias from one index and give it to another, at one stroke; it may have been done before."""
    actions = [
        {"remove": {"index": source, "alias": alias, "must_exist": False}},
        {"add": {"index": to, "alias": alias, **options}},
    ]
    answer = target.server.write(
        f"alias {alias}", lambda client: client.indices.update_aliases(actions=actions)
    )
    if not answer["acknowledged"]:
        raise Unavailable(f"not every node has acknowledged the alias {alias}; run this again")
    return look(target.server, target.layout)


def _remove(target: ElasticsearchIndex, index: str) -> None:
    target.server.write("removal", lambda client: client.indices.delete(index=index, ignore_unavailable=True))


def _refresh(target: ElasticsearchIndex, index: str) -> None:
    answer = target.server.write("refresh", lambda client: client.indices.refresh(index=index))
    if answer["_shards"]["failed"]:
        raise Unavailable(f"a shard of {index} could not be refreshed; run this again")


def _report(progress: Progress | None, total: int) -> Callable[[int], None]:
    return lambda copied: progress(copied, max(total, copied)) if progress else None


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH_ROWS)):
        yield batch
