"""How well articles come out of pages whose right reading is known, and the worst pages with the reason.

A folder of pages is pairs of files: `NAME.html.gz`, and `NAME.json` with `url`, `crawl_date` and `expected`:
`title`, `authors`, `published_at`, `body` and `language`.
"""

import argparse
import gzip
import json
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion.article import UNKNOWN, Article, Document, DocumentKind, Drop, Moment, SourceRef
from ingestion.errors import Permanent
from ingestion.parse import parse

SPACELESS = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
SHINGLE_WORDS = 4
FEWEST_WORDS = 8
"""Shorter differences say nothing of why a page went wrong."""

Shingles = Counter[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one page came out. `None` where the right answer is not known."""

    page: str
    seconds: float
    body_f1: float = 0.0
    precision: float = 0.0
    recall: float = 0.0
    title: bool | None = None
    authors: bool | None = None
    day: bool | None = None
    instant: bool | None = None
    language: bool | None = None
    confidence: float | None = None
    why: list[str] = field(default_factory=list)


def shingles(text: str) -> Shingles:
    """Count the runs of four words, or of four characters where words are not set apart."""
    words = words_of(text)
    return Counter(tuple(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1)))


def words_of(text: str) -> list[str]:
    """Split into lower-case words, or characters in Japanese and Chinese."""
    text = unicodedata.normalize("NFC", text).lower()
    return re.findall(r"\w" if SPACELESS.search(text) else r"\w+", text)


def judge(path: Path) -> Score:
    """Read one page and compare it with what is known of it."""
    known = json.loads(path.read_text(encoding="utf-8"))
    body = gzip.decompress(path.with_suffix(".html.gz").read_bytes())
    begun = time.process_time()
    article: Article | Drop | Permanent
    try:
        article = parse(page(path.stem, known, body))
    except Permanent as fault:
        article = fault
    seconds = time.process_time() - begun
    if not isinstance(article, Article):
        return Score(page=path.stem, seconds=seconds, why=[f"no article: {article}"])
    return compared(path.stem, article, known["expected"], seconds)


def page(name: str, known: dict[str, Any], body: bytes) -> Document:
    """Put a page as it would have been fetched."""
    return Document(
        document_id=name,
        run_id="quality",
        source=SourceRef(id="quality", kind="page"),
        publisher=UNKNOWN,
        kind=DocumentKind.PAGE,
        locator=name,
        fetched_url=known["url"],
        body=body,
        fetched_at=datetime.fromisoformat(known["crawl_date"]).replace(tzinfo=UTC),
    )


def compared(name: str, article: Article, expected: dict[str, Any], seconds: float) -> Score:
    """Score every field."""
    found, wanted = shingles(article.body), shingles(expected["body"])
    shared = (found & wanted).total()
    at = datetime.fromisoformat(expected["published_at"]) if expected.get("published_at") else None
    right = {
        "title": one_line(article.headline) == one_line(expected["title"]) if expected.get("title") else None,
        "authors": names(article.authors) == names(expected["authors"]) if "authors" in expected else None,
        "day": same_day(article.published, at) if at else None,
        "instant": same_instant(article.published, at)
        if at and at.tzinfo and (at.hour or at.minute)
        else None,
        "language": same_language(article, expected["language"]) if expected.get("language") else None,
    }
    said = {
        "title": article.headline,
        "authors": article.authors,
        "day": article.published and article.published.at,
    }
    wrong = [
        f"{name}: {said.get(name, '')} for {expected.get(name, at)}"
        for name, ok in right.items()
        if ok is False
    ]
    return Score(
        page=name,
        seconds=seconds,
        body_f1=2 * shared / max(1, found.total() + wanted.total()),
        precision=shared / max(1, found.total()),
        recall=shared / max(1, wanted.total()),
        confidence=article.extraction.confidence,
        why=[*differences(article.body, expected["body"]), *wrong],
        **right,
    )


def differences(found: str, wanted: str) -> list[str]:
    """Say which lines are too many and which are missing, the longest first."""
    there, due = key(found), key(wanted)
    extra = [
        line for line in found.split("\n") if len(words_of(line)) >= FEWEST_WORDS and key(line) not in due
    ]
    missing = [
        line for line in wanted.split("\n") if len(words_of(line)) >= FEWEST_WORDS and key(line) not in there
    ]
    return [
        *(f"+ {line}" for line in sorted(extra, key=len, reverse=True)[:3]),
        *(f"- {line}" for line in sorted(missing, key=len, reverse=True)[:3]),
    ]


def key(text: str) -> str:
    """Compare by words alone."""
    return " ".join(words_of(text))


def one_line(text: str) -> str:
    """Put on one line."""
    return " ".join(text.split())


def names(people: Iterable[str]) -> list[str]:
    """Compare names whatever their order and case."""
    return sorted(one_line(name).lower() for name in people)


def same_day(moment: Moment | None, at: datetime) -> bool:
    """Compare days in the zone of the right answer."""
    return moment is not None and moment.at.astimezone(at.tzinfo or UTC).date() == at.date()


def same_instant(moment: Moment | None, at: datetime) -> bool:
    """Compare to the minute."""
    return moment is not None and abs((moment.at - at).total_seconds()) < 60


def same_language(article: Article, code: str) -> bool:
    """Compare languages, not regions."""
    return article.language is not None and article.language.code.partition("-")[0] == code.partition("-")[0]


def mean(values: Iterable[float | None]) -> float | None:
    """Average what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def summary(scores: Sequence[Score]) -> dict[str, float | None]:
    """Average every measure over the pages."""
    measures = ("body_f1", "precision", "recall", "title", "authors", "day", "instant", "language")
    means = {name: mean(getattr(score, name) for score in scores) for name in measures}
    seconds = sum(score.seconds for score in scores)
    return {**means, "pages_per_cpu_second": len(scores) / seconds if seconds else None}


def report(console: Console, scores: Sequence[Score], worst: int) -> None:
    """Print the averages, and the worst pages with the reason."""
    table = Table("measure", "value", title=f"{len(scores)} pages")
    for name, value in summary(scores).items():
        table.add_row(name.replace("_", " "), "unknown" if value is None else f"{value:.3f}")
    console.print(table)
    for score in sorted(scores, key=lambda score: score.body_f1)[:worst]:
        told = f"F1 {score.body_f1:.3f}, precision {score.precision:.3f}, recall {score.recall:.3f}"
        console.print(f"[bold]{score.page}[/] {told}, confidence {score.confidence}")
        for line in score.why:
            console.print(f"    {escape(line[:160])}", highlight=False)


def main() -> None:
    """Judge every page of the folders."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folders", nargs="+", type=Path)
    arguments.add_argument("--worst", type=int, default=10)
    arguments.add_argument("--processes", type=int, default=None)
    arguments.add_argument("--json", action="store_true")
    asked = arguments.parse_args()
    pages = [path for folder in asked.folders for path in sorted(folder.glob("*.json"))]
    if not pages:
        arguments.error(f"no pages (*.json with *.html.gz beside it) in {', '.join(map(str, asked.folders))}")
    # Models and patterns are loaded with the first page: that is not counted as the time of any.
    with ProcessPoolExecutor(asked.processes, initializer=judge, initargs=(pages[0],)) as pool:
        scores = list(pool.map(judge, pages))
    if asked.json:
        print(json.dumps({"summary": summary(scores), "pages": [vars(score) for score in scores]}))
    else:
        report(Console(width=180), scores, asked.worst)


if __name__ == "__main__":
    main()
