"""One document after every step of the walk, and every decision of the parser; nothing is kept.

The steps are the real ones: the same functions, in the same order, as the jobs run them, over a log, a lake
and an index of their own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ingestion import jobs, pipeline, stages
from ingestion.article import Article, Document, Drop, Rejected, RejectedPayload
from ingestion.codec import decode_row, plain
from ingestion.columns import read_columns
from ingestion.errors import ConfigurationError, Permanent
from ingestion.extraction.inline import InlineExtractor
from ingestion.parse import parse
from ingestion.parse.explain import Candidate, Decision, explained
from ingestion.ports import Claims, Record
from ingestion.rejected import rejected
from ingestion.settings import Settings
from ingestion.source_ports import Batch, Source, Visit
from ingestion.sources.documents import host_of
from ingestion.stages.evidence import evidence
from ingestion.stages.group import group
from ingestion.stages.trim import trim
from ingestion.tallies import label_of
from ingestion.topics import ARTICLES, RAW
from ingestion.wiring import Wiring

Result = Document | Article | Drop | Rejected
PREVIEW_BYTES = 200


class Step(Struct, frozen=True, kw_only=True):
    """One step: which, what it made of the document in words, and the fields that it set or changed.

    `decisions` are the parser's: the candidates for each field, which one won, and why. Those of `trim`
    say of the lines at the ends of the body whether they are furniture.
    """

    step: str
    made: str
    fields: dict[str, Any]
    decisions: tuple[Decision, ...] = ()


class Trace(Struct, frozen=True, kw_only=True):
    """Every step of one document in order, and the outcome that the ledger would count."""

    locator: str
    outcome: str
    steps: tuple[Step, ...]


def parsed(paths: Mapping[Path, str], url: str | None) -> Iterator[dict[str, Any]]:
    """Parse every document in files and folders, as the contract has it; what is no article says so.

    Each path comes with its name; `path` is that, and for a folder the file in it.
    """
    from ingestion.sources.files import FilesSource

    for path, name in paths.items():
        for visit in FilesSource(path).visits("parse"):
            locator = getattr(visit.result, "locator", "")
            named = str(path / locator) if path.is_dir() and locator else name
            yield {"path": named, **shown(_prepared(_at(visit.result, url)))}


def _prepared(result: Result) -> Result:
    """Parse and pass the pure stages, as `transform` does before it asks its memory."""
    if not isinstance(result, Document):
        return result
    try:
        article = parse(result)
        return stages.prepare(article) if isinstance(article, Article) else article
    except Permanent as fault:
        return _refused(result, fault)


def shown(result: Result) -> dict[str, Any]:
    """Turn a result into plain values; a decision to drop or reject names itself."""
    if isinstance(result, Drop):
        return {"outcome": str(result.outcome), "reason": result.reason}
    values = plain(result)
    if isinstance(result, Rejected):
        return {
            "outcome": "rejected",
            **{k: values[k] for k in ("locator", "error", "message", "payload_bytes")},
        }
    if isinstance(result, Document):
        values["body"] = f"{len(result.body):,} bytes, beginning {result.body[:PREVIEW_BYTES]!r}"
    return values


def _refused(document: Document, fault: Permanent) -> Rejected:
    return rejected(
        fault,
        stage="transform",
        source=document.source,
        run_id=document.run_id,
        locator=document.locator,
        payload=document.body,
        payload_kind=RejectedPayload.BYTES,
    )


def _at(result: Result, url: str | None) -> Result:
    if url is None or not isinstance(result, Document):
        return result
    return replace(result, fetched_url=url, discovered_url=url)


def trace_document(settings: Settings, path_or_url: str, url: str | None = None) -> Trace:
    """Walk one document through every step. Raises `ConfigurationError` where there is none."""
    with jobs.sample_newsroom(settings) as served, _scratch(served) as wiring:
        source = jobs.open_input(wiring, path_or_url)
        first = next(iter(source.visits("trace")), None)
        if first is None:
            raise ConfigurationError(f"there is no document in {path_or_url}")
        offered = replace(first, result=_at(first.result, url))
        if isinstance(offered.result, Document):
            _inform(settings, wiring, offered.result)
        steps, outcome = _walk(wiring, source, offered)
    locator = offered.result.locator if isinstance(offered.result, Document | Rejected) else path_or_url
    return Trace(locator=locator, outcome=outcome, steps=tuple(steps))


def _inform(settings: Settings, wiring: Wiring, document: Document) -> None:
    """Let the trace know what was learned of the publisher; by the catalogue, which has ids of its own."""
    from ingestion.sources.catalogue import load_catalogue
    from ingestion.state.lent import lend

    place = settings.state.removeprefix("sqlite:")
    if place != settings.state and not Path(place).exists():
        return
    host = (host_of(document.fetched_url or document.locator) or "").removeprefix("www.")
    publishers = (entry.publisher for entry in load_catalogue(settings.catalogue))
    known = next((one.id for one in publishers if one.domain == host), document.publisher.id)
    with Wiring(settings) as working:
        lend(working.state, wiring.state, known, document.publisher.id)


def _walk(wiring: Wiring, source: Source, visit: Visit) -> tuple[list[Step], str]:
    offered, batch = visit.result, Batch(visits=((source, visit),))
    pipeline.collect(wiring.walk, [batch], "trace", wiring.producer("collect"), wiring.source_memory)
    steps = [Step(step="collect", made=_made(offered), fields=shown(offered))]
    if not isinstance(offered, Document):
        return steps, label_of(offered)
    (record,) = wiring.broker.read(RAW)
    steps.append(_on_topic(record))
    result = _staged(wiring, record, offered, steps)
    if isinstance(result, Article):
        pipeline.transform(wiring.walk, InlineExtractor(), wiring.memory, wiring.producer("transform"))
        steps += _landed(wiring, result)
    return steps, label_of(result)


def _staged(
    wiring: Wiring, record: Record, document: Document, steps: list[Step]
) -> Article | Drop | Rejected:
    """Pass each stage by itself; a record that `transform` then reads again finds its own claims."""
    try:
        result, decisions = explained(document)
        steps.append(Step(step="parse", made=_made(result), fields=shown(result), decisions=decisions))
        with wiring.memory.claims() as claims:
            for name, stage in _stages(claims):
                if isinstance(result, Drop):
                    return result
                before = pipeline.placed(result, record)
                decisions = _judged(before, claims) if name == trim.__name__ else ()
                result = stage(before)
                steps.append(replace(_stage_step(name, before, result), decisions=decisions))
    except Permanent as fault:
        letter = _refused(document, fault)
        steps.append(Step(step="rejected", made=_made(letter), fields=shown(letter)))
        return letter
    return result


def _stages(claims: Claims) -> Iterator[tuple[str, Callable[[Article], Article | Drop]]]:
    for pure in stages.PURE:
        yield pure.__name__, pure
    for claiming in stages.CLAIMING:
        yield claiming.__name__, partial(claiming, claims=claims)
    yield group.__name__, lambda article: group([article], claims)[0]


def _judged(article: Article, claims: Claims) -> tuple[Decision, ...]:
    """Whether lines at the ends are furniture, as far as the pipeline has learned."""
    lines = tuple(
        Candidate(value=one.line, place="end of the body", chosen=one.is_taken_off, why=one.why)
        for one in evidence(article, claims)
    )
    taken = sum(line.chosen for line in lines)
    return (Decision(field="furniture", value=f"{taken} lines taken off", candidates=lines),)


def _stage_step(name: str, before: Article, after: Article | Drop) -> Step:
    if isinstance(after, Drop):
        return Step(step=name, made=_made(after), fields=shown(after))
    old, new = plain(before), plain(after)
    changed = {key: new[key] for key in new if new[key] != old[key]}
    made = ", ".join(changed) if changed else "nothing to change"
    return Step(step=name, made=made, fields=changed)


def _on_topic(record: Record) -> Step:
    fields = {"key": record.key.decode("utf-8", "replace"), "headers": record.headers}
    made = f"partition {record.partition}, offset {record.offset}, {len(record.value):,} bytes of Avro"
    return Step(step=record.topic, made=made, fields=fields)


def _landed(wiring: Wiring, article: Article) -> Iterator[Step]:
    (record,) = wiring.broker.read(ARTICLES)
    yield _on_topic(record)
    columns = read_columns([record], Article)
    broken = wiring.gate.failures(columns).get(0, ())
    yield Step(step="gate", made=f"breaks {', '.join(broken)}" if broken else "keeps every rule", fields={})
    if broken:
        return
    wiring.lake.append(columns, {record.at: record.offset}, {record.at: record.offset + 1})
    stored = wiring.lake_reader()
    yield Step(step="store", made=f"{stored.count()} row in the lake, version {stored.version}", fields={})
    wiring.search.bulk([decode_row(record.value, Article)])
    hit = wiring.search.get(article.article_id)
    yield Step(step="index", made=f"found as {hit.article_id}" if hit else "not found", fields={})


def _made(result: Result) -> str:
    if isinstance(result, Document):
        return f"{result.kind} of {len(result.body):,} bytes"
    if isinstance(result, Article):
        removed = len(result.extraction.removed)
        return f"an article of {len(result.paragraphs)} paragraphs; {removed} pieces of furniture removed"
    return label_of(result)


@contextmanager
def _scratch(settings: Settings) -> Iterator[Wiring]:
    """Wire everything that is embedded into a folder that is thrown away."""
    with TemporaryDirectory(prefix="news-trace-") as folder:
        data = Path(folder)
        places = {
            "data_dir": data,
            "broker": f"log:{data / 'log.sqlite'}",
            "search": f"index:{data / 'index'}",
            "lake": f"file:{data / 'lake'}",
            "state": f"sqlite:{data / 'state.sqlite'}",
            "partitions": 1,
        }
        with Wiring(settings.model_copy(update=places)) as wiring:
            yield wiring
