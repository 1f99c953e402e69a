"""A publisher's standing lines, from its pages to the log of articles: learned, taken off, and told.

Told twice: as planned, and with a crash at every walk, after the claims were kept and before what was made
of them was sent.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ingestion import jobs, pipeline
from ingestion.article import Article
from ingestion.codec import decode
from ingestion.settings import load_settings
from ingestion.stages.trim import FEWEST_ARTICLES
from ingestion.topics import ARTICLES, RAW
from ingestion.trace import trace_document
from ingestion.wiring import Wiring
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.stages.words import prose
from tests.walk.test_versions import Crash, CrashAfter

pytestmark = pytest.mark.xdist_group("furniture")

HOST = "http://www.tern-herald.example"
FOOTER = "Every weekday at six, our editors choose what matters. Have it in your inbox before breakfast."
BACKGROUND = "The Kelda tunnel has been closed since water was found in its lower gallery in August."
FIRST, MORE = 14, 4
ABOUT_THE_TUNNEL = range(2, 12)
CHANGED = (1, 13)
ADDED = "The council will meet again on the first Monday of the month."


class Told(NamedTuple):
    """What a walk made: what the ledger counted, and the articles that were sent, by the number of a page."""

    outcomes: dict[str, int]
    articles: dict[int, Article]


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


@pytest.fixture(scope="module", params=[None, "transform.3"], ids=["as planned", "with crashes"])
def crash(request: pytest.FixtureRequest) -> str | None:
    """The step after which every first attempt ends."""
    step: str | None = request.param
    return step


@pytest.fixture(scope="module")
def folder(
    server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory, crash: str | None
) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("crashed" if crash else "planned")
    (made / "catalogue").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWS_DATA_DIR", str(made / "data"))
        patch.setenv("NEWS_CATALOGUE", str(made / "catalogue"))
        patch.setenv("NEWS_FETCH__CONNECT_TO", json.dumps({"*.example": server.endpoint}))
        patch.setenv("NEWS_FETCH__MIN_INTERVAL_SECONDS", "0")
        patch.setenv("NEWS_FETCH__ATTEMPTS", "1")
        patch.setenv("NEWS_EXTRACTION__PROCESSES", "1")
        patch.setenv("NEWS_PARTITIONS", "1")
        yield made


def catalogue(pages: int) -> str:
    urls = json.dumps([f"{HOST}/{number}" for number in range(pages)])
    return f"""
[publisher]
id = "tern-herald"
name = "The Tern Herald"
domain = "tern-herald.example"

[[source]]
id = "tern-herald"
kind = "page"
urls = {urls}
recheck_seconds = 0
"""


def page(number: int, visit: int) -> bytes:
    """A story of its own, with the same line below; its bytes change with every visit."""
    is_of_tunnel = number in ABOUT_THE_TUNNEL
    headline = f"Kelda tunnel, day {number}" if is_of_tunnel else f"{prose(number, 6)}".capitalize()
    texts = [f"{prose(100 * number + n, 40)}." for n in range(6)]
    if is_of_tunnel:
        texts[2:2] = [f"Boats replace the Kelda tunnel on {prose(number, 2)}, while it stays closed."]
        texts.append(BACKGROUND)
    if visit and number in CHANGED:
        texts.append(ADDED)
    body = "".join(f"<p>{text}</p>" for text in (*texts, FOOTER))
    told = {
        "@type": "NewsArticle",
        "headline": headline,
        "datePublished": f"2026-11-{10 + number % 7}T08:00:00Z",
    }
    html = f"""<html lang="en"><head><title>{headline}</title><meta name="visit" content="{visit}">
<script type="application/ld+json">{json.dumps(told)}</script></head>
<body><article><h1>{headline}</h1>{body}</article></body></html>"""
    return answer(200, html.encode(), Content_Type="text/html; charset=utf-8")


def walk(folder: Path, server: ScriptedServer, visit: int, pages: int, crash: str | None) -> Told:
    (folder / "catalogue" / "tern-herald.toml").write_text(catalogue(pages), encoding="utf-8")
    server.scripts.update({f"/{number}": page(number, visit) for number in range(pages)})
    settings, run_id = load_settings(), jobs.new_run_id("test")
    jobs.collect(settings, run_id=run_id)
    with Wiring(settings, CrashAfter(crash or "no step")) as wiring:
        sent = len(list(wiring.broker.read(ARTICLES)))
        if crash:
            with pytest.raises(Crash):
                pipeline.transform(wiring.walk, wiring.extractor, wiring.memory, wiring.producer("transform"))
            assert wiring.broker.lag("transform", RAW) == pages
    jobs.transform(settings)
    account = jobs.account(settings, run_id)
    with Wiring(settings) as wiring:
        made = [decode(record.value, Article) for record in wiring.broker.read(ARTICLES)][sent:]
    outcomes = {name: count for name, count in account.outcomes.items() if count}
    return Told(outcomes, {int((article.fetched_url or "").rpartition("/")[2]): article for article in made})


@pytest.fixture(scope="module")
def walks(folder: Path, server: ScriptedServer, crash: str | None) -> tuple[Told, Told]:
    return (
        walk(folder, server, visit=0, pages=FIRST, crash=crash),
        walk(folder, server, visit=1, pages=FIRST + MORE, crash=crash),
    )


def has_footer(article: Article) -> bool:
    return FOOTER in article.body


def learned(article: Article) -> list[str]:
    return [piece.text for piece in article.extraction.removed if piece.rule == "learned"]


def test_the_later_articles_come_without_the_line(walks: tuple[Told, Told]) -> None:
    articles = walks[0].articles

    assert [has_footer(articles[number]) for number in range(FIRST)] == [
        number < FEWEST_ARTICLES for number in range(FIRST)
    ]
    assert [learned(articles[number]) for number in range(FIRST)] == [
        [] if number < FEWEST_ARTICLES else [FOOTER] for number in range(FIRST)
    ]


def test_the_background_of_a_running_story_stays(walks: tuple[Told, Told]) -> None:
    articles = walks[0].articles

    assert len(ABOUT_THE_TUNNEL) > FEWEST_ARTICLES
    assert [number for number in articles if BACKGROUND in articles[number].body] == list(ABOUT_THE_TUNNEL)


def test_what_is_seen_again_is_unchanged_whatever_was_learned(walks: tuple[Told, Told]) -> None:
    first, second = walks

    assert first.outcomes == {"new": FIRST}
    assert second.outcomes == {"new": MORE, "unchanged": FIRST - len(CHANGED), "updated": len(CHANGED)}


def test_a_new_version_loses_what_the_one_before_lost(walks: tuple[Told, Told]) -> None:
    early, late = (walks[1].articles[number] for number in CHANGED)
    changes = [made.change for made in (early, late) if made.change]

    assert has_footer(early)
    assert learned(early) == []
    assert not has_footer(late)
    assert learned(late) == [FOOTER]
    assert [(change.paragraphs_added, change.paragraphs_removed) for change in changes] == [(1, 0)] * 2


def test_new_articles_lose_it_from_the_beginning(walks: tuple[Told, Told]) -> None:
    new = [walks[1].articles[number] for number in range(FIRST, FIRST + MORE)]

    assert [(has_footer(article), learned(article)) for article in new] == [(False, [FOOTER])] * MORE


def test_a_trace_decides_by_what_was_learned(folder: Path, walks: tuple[Told, Told]) -> None:
    new = FIRST + MORE
    trace = trace_document(load_settings(), f"{HOST}/{new - 1}")
    (step,) = [step for step in trace.steps if step.step == "trim"]
    (decision,) = step.decisions
    chosen = [line for line in decision.candidates if line.chosen]

    assert walks
    assert folder.exists()
    assert [(line.value, line.why) for line in chosen] == [
        (FOOTER, f"on {new} of {new} articles of its publisher, of 7 days; 0 of them speak of the same")
    ]
    assert {"body", "paragraphs", "content_hash", "extraction"} == step.fields.keys()
    assert trace.outcome == "new"
