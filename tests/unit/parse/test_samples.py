"""Real input, where it is at hand: floors just below what is reached. They may rise, never silently fall."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from html import unescape
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import normalize

import pytest

from ingestion.article import Article, Document, DocumentKind, Drop, ParagraphRole, Publisher, SourceRef
from ingestion.parse import parse
from ingestion.parse.urls import identity

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
pytestmark = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the folder of real samples is not beside the repository"
)

Read = Callable[..., Article]
Shingles = Counter[tuple[str, ...]]


class Judged(NamedTuple):
    """A page as it was read, beside what it says."""

    article: Article
    expected: dict[str, Any]


@cache
def judged() -> tuple[Judged, ...]:
    return tuple(judge(path) for path in sorted((SAMPLES / "html").glob("*.json")))


def judge(path: Path) -> Judged:
    known = json.loads(path.read_text(encoding="utf-8"))
    document = Document(
        document_id="d",
        run_id="r",
        source=SourceRef(id="s", kind="page"),
        publisher=Publisher(id="p"),
        kind=DocumentKind.PAGE,
        locator=path.name,
        fetched_url=known["url"],
        body=gzip.decompress(path.with_suffix(".html.gz").read_bytes()),
        fetched_at=datetime.fromisoformat(known["crawl_date"]).replace(tzinfo=UTC),
    )
    article = parse(document)
    assert isinstance(article, Article), path.name
    return Judged(article, known["expected"])


def shingles(text: str) -> Shingles:
    text = normalize("NFC", text).lower()
    spaceless = re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", text)
    words = re.findall(r"\w" if spaceless else r"\w+", text)
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3)))


def f1(found: Shingles, wanted: Shingles) -> float:
    return 2 * (found & wanted).total() / (found.total() + wanted.total())


def share(right: list[bool]) -> float:
    return sum(right) / len(right)


def test_bodies_of_real_pages_are_found() -> None:
    scores = [f1(shingles(page.article.body), shingles(page.expected["body"])) for page in judged()]

    assert sum(scores) / len(scores) >= 0.98
    assert min(scores) >= 0.87


def test_titles_of_real_pages_are_found() -> None:
    plain = [(page, " ".join(page.expected["title"].split())) for page in judged()]

    assert share([" ".join(page.article.headline.split()) == title for page, title in plain]) >= 0.92
    assert share([title in map(flat, headlines(page.article)) for page, title in plain]) >= 0.96


def headlines(article: Article) -> tuple[str, ...]:
    return (article.headline, *article.alternative_headlines)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_people_who_wrote_real_pages_are_found() -> None:
    """A fifth of the pages names the publisher as its author, where nobody is the right answer."""
    known = [(lower(page.article.authors), lower(page.expected["authors"])) for page in judged()]

    assert share([found == wanted for found, wanted in known]) >= 0.80
    assert all(found in ([], wanted) for found, wanted in known)


def lower(names: Iterable[str]) -> list[str]:
    return sorted(name.lower() for name in names)


def test_days_of_real_pages_are_found() -> None:
    known = [
        (page.article.published, datetime.fromisoformat(page.expected["published_at"])) for page in judged()
    ]
    days = [
        moment is not None and moment.at.astimezone(at.tzinfo or UTC).date() == at.date()
        for moment, at in known
    ]

    assert share(days) >= 0.98


def test_languages_of_real_pages_are_found() -> None:
    known = [page for page in judged() if page.expected["language"]]
    right = [
        page.article.language is not None and page.article.language.code == page.expected["language"]
        for page in known
    ]

    assert share(right) >= 0.98


@pytest.mark.parametrize("path", sorted((SAMPLES / "text").glob("*.txt")), ids=lambda path: path.stem)
def test_a_real_scrape_comes_out_clean(read: Read, path: Path) -> None:
    article = read(path.read_bytes(), "text")
    raw = path.read_text(encoding="utf-8").splitlines()
    roles = Counter(block.role for block in article.paragraphs)
    gone = {entry.line for entry in article.extraction.removed}

    assert article.headline == raw[0]
    assert roles == {ParagraphRole.PARAGRAPH: 15, ParagraphRole.SUBHEADING: 1}
    assert len(article.images) == 1
    assert article.images[0].caption is not None
    assert article.images[0].caption not in article.body
    assert (article.comment_count, article.credits, article.published) == (14, ("Reuters", "Interfax"), None)
    assert gone == {2, 4, 6, 7, 8, 9, 10, 44, 45}


@pytest.mark.parametrize("path", sorted((SAMPLES / "json").glob("*.json")), ids=lambda path: path.stem)
def test_real_json_gets_an_outcome(make: Callable[..., Document], path: Path) -> None:
    value = json.loads(path.read_bytes())
    items = value if isinstance(value, list) else [value]
    results = [parse(make(json.dumps(item), "json")) for item in items]

    assert all(isinstance(result, Article | Drop) for result in results)
    assert all(result.body for result in results if isinstance(result, Article))


def test_no_two_pages_have_one_identity() -> None:
    told = [json.loads(text) for text in texts("html", "*.json")]
    locations = [re.findall(r"<loc>\s*([^<\s]+)\s*</loc>", text) for text in texts("sitemaps", "*.xml")]
    addresses = {unescape(url) for url in (*(page["url"] for page in told), *chain(*locations))}

    assert len(addresses) > 100
    assert len({identity(None, url) for url in addresses}) == len(addresses)


def texts(folder: str, pattern: str) -> Iterable[str]:
    return (path.read_text(encoding="utf-8", errors="replace") for path in (SAMPLES / folder).glob(pattern))
