"""How well and how quickly copies find each other, on news invented for it (`wire.py`).

    python benchmarks/copies.py --stories 60 --window 1400000

Four parts: what is found of the copies, and what is taken for one wrongly; texts sketched a second;
batches looked up and placed in a window of so many articles; `transform` with and without. All by one
process on files of its own.
"""

import argparse
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
from articles import articles
from judge import BATCH, Judged, grouped, judged, parts
from msgspec.structs import replace
from sqlalchemy import insert
from wire import news

from ingestion import pipeline
from ingestion.article import Article, Document, DocumentKind
from ingestion.broker.embedded import EmbeddedBroker
from ingestion.codec import encode
from ingestion.drain import Budget
from ingestion.extraction.inline import InlineExtractor
from ingestion.ports import Message, Placed
from ingestion.stages.sketch import KEYS, sketches
from ingestion.state.claims import SqlMemory
from ingestion.state.copies import FORTNIGHT, Window
from ingestion.state.database import StateDatabase
from ingestion.state.tables import copies, copy_keys
from ingestion.telemetry.logs import LogObserver, configure_logs
from ingestion.topics import RAW, topics

SKETCH_BYTES = range(720, 1_321, 60)
"""As sketches of such articles weigh: 1,020 bytes on average."""


def main() -> None:
    """Run the four parts and print what each found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stories", type=int, default=60, help="agency stories in each language")
    parser.add_argument("--articles", type=int, default=5_000, help="articles to sketch, place, transform")
    parser.add_argument("--window", type=int, default=1_400_000, help="articles that the window holds")
    parser.add_argument("--turns", type=int, default=3, help="turns of transform, with and without")
    asked = parser.parse_args()
    configure_logs("warning")
    with tempfile.TemporaryDirectory() as folder:
        show_quality(judged(news(asked.stories), Path(folder)))
        show_sketching(list(articles(asked.articles)))
        show_window(asked.window, asked.articles, Path(folder))
        show_transform(asked.articles, asked.turns, Path(folder))


def show_quality(result: Judged) -> None:
    """Print recall and precision, and where they are lost."""
    print(f"articles: {result.articles.total():,}: {_counted(result.articles)}")
    print(f"recall {result.recall:.4f} of {result.copies['all']:,} copies")
    print(f"precision {result.precision:.4f} of {result.joined:,} that were joined to a group")
    print(f"pairs: recall {result.recall_of_pairs:.4f}, precision {result.precision_of_pairs:.4f}")
    print(f"joined wrongly: {_counted(result.wrong) or 'none'}")
    print(f"in no group: {_counted(result.in_no_group)}")
    print("\n| copies | | found | as a copy | as a rewrite |\n|---|---|---|---|---|")
    for name, count in sorted(result.copies.items()):
        as_copy, as_rewrite = (result.roles[name, role] for role in ("copy", "rewrite"))
        print(f"| {name} | {count} | {result.found[name] / count:.3f} | {as_copy} | {as_rewrite} |")


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def show_sketching(made: Sequence[Article]) -> None:
    """Print how many texts are sketched in a second of processor time."""
    texts = list(_texts_of_4_kb(made))
    sketches(texts[:10])
    begun = time.process_time()
    for part in parts(texts):
        sketches(part)
    rate = len(texts) / (time.process_time() - begun)
    size = sum(len(text.encode()) for text in texts) / len(texts)
    print(f"\nshingles, sample and {KEYS} keys: {rate:,.0f} articles/s a core, bodies of {size:,.0f} bytes")


def _texts_of_4_kb(made: Sequence[Article]) -> Iterator[str]:
    text = ""
    for article in made:
        text += article.body + "\n\n"
        if len(text) > 3_500:
            yield text
            text = ""


def show_window(size: int, count: int, folder: Path) -> None:
    """Print how quickly batches are placed where the window is full, what it weighs, and what it takes."""
    path = folder / "window.sqlite"
    database = StateDatabase(f"sqlite:{path}")
    _fill(database, size)
    print(f"\nwindow of {size:,} articles: {path.stat().st_size / max(1, size):,.0f} bytes each on disk")
    full = Window(FORTNIGHT.length, most_articles=size)
    before_mb = _resident_mb()
    made = [
        replace(article, lineage=replace(article.lineage, topic="measured", partition=0, offset=number))
        for number, article in enumerate(articles(2 * count))
    ]
    for name, window, part in (
        ("placed", FORTNIGHT, made[:count]),
        ("placed, one forgotten for each", full, made[count:]),
    ):
        memory = SqlMemory(database, window=window)
        begun, cpu = time.monotonic(), time.process_time()
        for batch in parts(part):
            grouped(memory, batch)
        wall, cpu = time.monotonic() - begun, time.process_time() - cpu
        print(
            f"{name}: {count / wall:,.0f} articles/s ({count / cpu:,.0f} a core), "
            f"{count * KEYS / wall:,.0f} keys looked up a second"
        )
    print(f"memory: {before_mb:,.0f} MB before the first was placed, {_resident_mb():,.0f} after the last")


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _fill(database: StateDatabase, size: int) -> None:
    """Write so many articles at once, in the order of their keys: they are no copies of anything."""
    chance = np.random.default_rng(7)
    keys = chance.integers(-(2**31), 2**31, (size, KEYS), dtype=np.int32)
    seen_at = next(articles(1)).ingested_at - timedelta(days=1)
    placed = [
        msgspec.msgpack.encode(
            Placed(article_id="0" * 64, publisher_id="filler", seen_at=seen_at, sketch=bytes(size))
        )
        for size in SKETCH_BYTES
    ]
    with database.transaction() as connection:
        for start in range(0, size, 50_000):
            rows = [
                {
                    "id": number + 1,
                    "log": 1,
                    "offset": number,
                    "article_id": f"{number:064x}",
                    "seen_at": seen_at,
                    "links": keys[number].tobytes(),
                    "placed": placed[number % len(placed)],
                }
                for number in range(start, min(size, start + 50_000))
            ]
            connection.execute(insert(copies), rows)
    numbers = np.repeat(np.arange(1, size + 1), KEYS)
    order = np.argsort(keys.ravel(), kind="stable")
    flat_keys, flat_numbers = keys.ravel()[order], numbers[order]
    with database.transaction() as connection:
        for start in range(0, len(flat_keys), 500_000):
            part = slice(start, start + 500_000)
            pairs = zip(flat_keys[part].tolist(), flat_numbers[part].tolist(), strict=True)
            connection.execute(insert(copy_keys), [{"key": key, "copy_id": number} for key, number in pairs])


def show_transform(count: int, turns: int, folder: Path) -> None:
    """Print what `transform` does of JSON documents, the quickest to parse, with and without a window.

    Processor time tells: the wall's depends on what else the machine does. The turns are interleaved.
    """
    rates: dict[str, list[float]] = {"without copies": [], "with copies": []}
    for turn in range(turns):
        for name, window in zip(rates, (None, FORTNIGHT), strict=True):
            rates[name].append(_transformed(count, window, folder / f"{name} {turn}"))
    print()
    for name, found in rates.items():
        print(f"transform {name}: {', '.join(f'{rate:,.0f}' for rate in found)} documents/s a core")
    lost = 1 - median(rates["with copies"]) / median(rates["without copies"])
    print(f"of the throughput, {lost:.0%} goes into copies (medians)")


def _transformed(count: int, window: Window | None, folder: Path) -> float:
    folder.mkdir()
    memory = SqlMemory(StateDatabase(f"sqlite:{folder / 'state.sqlite'}"), window=window)
    with closing(EmbeddedBroker(folder / "log.sqlite")) as broker:
        broker.create_topics(topics(4))
        with closing(broker.producer("feed")) as producer:
            for batch in parts(list(_documents(count))):
                with producer.transaction() as transaction:
                    for document in batch:
                        key = document.locator.encode()
                        transaction.send(Message(topic=RAW, key=key, value=encode(document)))
        walk = pipeline.Walk(broker=broker, budget=Budget(batch_records=BATCH), observer=LogObserver())
        begun = time.process_time()
        with closing(broker.producer("transform")) as producer:
            done = pipeline.transform(walk, InlineExtractor(), memory, producer)
        return done / (time.process_time() - begun)


def _documents(count: int) -> Iterator[Document]:
    for article in articles(count):
        body = {"headline": article.headline, "body": article.body, "url": article.canonical_url}
        yield Document(
            document_id=article.article_id,
            run_id="measured",
            source=article.source,
            publisher=article.publisher,
            kind=DocumentKind.JSON,
            locator=article.canonical_url or "",
            fetched_url=article.canonical_url,
            body=msgspec.json.encode({**body, "published": article.fetched_at}),
            fetched_at=article.fetched_at,
        )


if __name__ == "__main__":
    main()
