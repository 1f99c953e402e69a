"""An article that is changed, corrected and withdrawn: what each visit of its page makes of it.

Told twice: as planned, and with a crash at every visit, after the claims were kept and before what was made
of them was sent.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ingestion import jobs, pipeline
from ingestion.cli import app
from ingestion.settings import load_settings
from ingestion.topics import RAW
from ingestion.wiring import Wiring
from tests.unit.fetch.conftest import ScriptedServer, answer

pytestmark = pytest.mark.xdist_group("versions")

URL = "http://www.ferry-post.example/2026/11/20/night-boat"
CATALOGUE = f"""
[publisher]
id = "ferry-post"
name = "The Ferry Post"
domain = "ferry-post.example"

[[source]]
id = "ferry-post"
kind = "page"
urls = ["{URL}"]
recheck_seconds = 0
"""
HEADLINE = "Night boat returns to the outer islands"
PARAGRAPHS = (
    "The night boat to the outer islands will run again from Friday, the harbour board said on Thursday.",
    "It had been laid up since March, when an inspector found rust in the hull of the Marigold.",
    "Tickets cost 12 crowns, and children under the age of seven travel with their parents for nothing.",
    "The crossing takes four hours, and breakfast is served when the lighthouse of Trevose is in sight.",
)
CORRECTION = "Correction: An earlier version of this article gave the wrong day of the first crossing."
DAY_MENDED = PARAGRAPHS[0].replace("Friday", "Saturday")


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


class Crash(Exception):
    """Stands for a worker that is killed."""


class CrashAfter:
    """`ports.Observer` that ends a job at a step."""

    def __init__(self, step: str) -> None:
        self._step = step

    def reached(self, step: str, **facts: object) -> None:
        """Raise at the step."""
        del facts
        if step == self._step:
            raise Crash(step)


@pytest.fixture(scope="module", params=[None, "transform.3"], ids=["as planned", "with crashes"])
def crash(request: pytest.FixtureRequest) -> str | None:
    """The step after which every first attempt ends."""
    step: str | None = request.param
    return step


@pytest.fixture(scope="module", autouse=True)
def settings(
    server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory, crash: str | None
) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("crashed" if crash else "planned")
    (folder / "catalogue").mkdir()
    (folder / "catalogue" / "ferry-post.toml").write_text(CATALOGUE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWS_DATA_DIR", str(folder / "data"))
        patch.setenv("NEWS_CATALOGUE", str(folder / "catalogue"))
        patch.setenv("NEWS_FETCH__CONNECT_TO", json.dumps({"*.example": server.endpoint}))
        patch.setenv("NEWS_FETCH__MIN_INTERVAL_SECONDS", "0")
        patch.setenv("NEWS_FETCH__ATTEMPTS", "1")
        patch.setenv("NEWS_EXTRACTION__PROCESSES", "1")
        yield folder


def page(headline: str, *paragraphs: str) -> bytes:
    told = {"@type": "NewsArticle", "headline": headline, "datePublished": "2026-11-20T08:00:00Z"}
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    html = f"""<html lang="en"><head><title>{headline}</title>
<script type="application/ld+json">{json.dumps(told)}</script></head>
<body><article><h1>{headline}</h1>{body}</article></body></html>"""
    return answer(200, html.encode(), Content_Type="text/html; charset=utf-8")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments], catch_exceptions=False)


def run(crash: str | None) -> dict[str, int]:
    """Walk once, and return what the ledger counted of this run."""
    settings, run_id = load_settings(), jobs.new_run_id("test")
    jobs.collect(settings, run_id=run_id)
    with Wiring(settings, CrashAfter(crash or "no step")) as wiring:
        if crash and wiring.broker.lag("transform", RAW):
            with pytest.raises(Crash):
                pipeline.transform(wiring.walk, wiring.extractor, wiring.memory, wiring.producer("transform"))
            assert wiring.broker.lag("transform", RAW) == 1
    for job in (jobs.transform, jobs.store, jobs.index):
        job(settings)
    account = jobs.account(settings, run_id)
    assert (account.documents, account.open_documents) == (1, 0)
    return {name: count for name, count in account.outcomes.items() if count}


def versions() -> list[dict[str, Any]]:
    with Wiring(load_settings()) as wiring:
        reader = wiring.lake_reader()
        (article_id,) = reader.articles_named(URL, 8)
        return [dict(row) for row in reader.versions_of(article_id)]


@pytest.fixture(scope="module")
def story(server: ScriptedServer, settings: Path, crash: str | None) -> dict[str, Any]:
    """The life of the article, visit by visit: what the ledger counted, and the newest version then."""
    steps = {
        "published": page(HEADLINE, *PARAGRAPHS),
        "set anew": page(HEADLINE, *(text.replace(",", " –") for text in PARAGRAPHS)),
        "headed anew": page("Islanders get their night boat back", *PARAGRAPHS),
        "corrected": page("Islanders get their night boat back", DAY_MENDED, *PARAGRAPHS[1:], CORRECTION),
        "gone": answer(410),
        "gone still": answer(410),
        "back": page("Islanders get their night boat back", DAY_MENDED, *PARAGRAPHS[1:], CORRECTION),
    }
    assert settings.exists()
    told = {}
    for name, script in steps.items():
        server.scripts[URL.partition(".example")[2]] = script
        told[name] = run(crash)
    return told


def test_each_visit_is_counted_as_what_it_was(story: dict[str, Any]) -> None:
    assert story == {
        "published": {"new": 1},
        "set anew": {"unchanged": 1},
        "headed anew": {"updated": 1},
        "corrected": {"updated": 1},
        "gone": {"updated": 1},
        "gone still": {"unchanged": 1},
        "back": {"updated": 1},
    }


def test_the_lake_has_every_version_and_why_it_is_one(story: dict[str, Any]) -> None:
    rows = versions()
    changes = [row["change"] for row in rows]

    assert story
    assert [row["version"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["pub_status"] for row in rows] == ["usable", "usable", "usable", "canceled", "usable"]
    assert changes[0] is None
    assert [change["kind"] for change in changes[1:]] == ["headline", "correction", "withdrawal", "update"]
    assert [change["previous_version"] for change in changes[1:]] == [1, 2, 3, 4]
    assert changes[1]["fields"] == ["headline"]
    assert (changes[2]["fields"], changes[2]["notices"]) == (["body"], [CORRECTION])
    assert changes[3]["fields"] == ["pub_status"]
    assert len({row["first_seen"] for row in rows}) == 1
    assert rows[3]["body"] == rows[2]["body"] == rows[4]["body"]


def test_the_index_has_the_newest_version(story: dict[str, Any]) -> None:
    found = json.loads(invoke("search", "night boat", "--json").stdout)

    assert story
    assert [(hit["version"], hit["headline"], hit["change"]) for hit in found["hits"]] == [
        (5, "Islanders get their night boat back", "update")
    ]
    assert "version 5" in invoke("search", "night boat").stdout


def test_a_diff_shows_what_changed(story: dict[str, Any]) -> None:
    told = json.loads(invoke("diff", URL, "--from", "1", "--to", "3", "--json").stdout)
    printed = invoke("diff", URL, "--from", "1", "--to", "3").stdout

    assert story
    assert [block["mark"] for block in told["blocks"]] == ["edited", "same", "same", "same", "added"]
    assert "from [-Friday-], the harbour" in printed
    assert "from {+Saturday+}, the harbour" in printed
    assert "… 3 paragraphs unchanged" in printed
    assert f"+ {CORRECTION}" in printed
    assert (told["change"]["kind"], told["change"]["fields"]) == ("correction", ["headline", "body"])
    assert [version["number"] for version in told["versions"]] == [1, 2, 3, 4, 5]
    assert ": withdrawal (canceled)\n" in printed
    assert f"notice: {CORRECTION}" in printed


def test_an_address_is_found_in_other_spellings_of_it(story: dict[str, Any]) -> None:
    other = f"{URL.replace('www.ferry-post', 'WWW.Ferry-Post')}?utm_source=newsletter#comments"

    assert story
    assert json.loads(invoke("diff", other, "--json").stdout)["url"] == URL


def test_the_newest_is_compared_with_the_one_before_it(story: dict[str, Any]) -> None:
    article_id = versions()[0]["article_id"]
    told = json.loads(invoke("diff", article_id[:12], "--json").stdout)

    assert story
    assert (told["before"]["number"], told["after"]["number"]) == (4, 5)
    assert told["before"]["pub_status"] == "canceled"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("http://www.ferry-post.example/other",),
            "the lake has no article http://www.ferry-post.example/other",
        ),
        ((URL, "--to", "9"), "has no version 9 in the lake; there is 1, 2, 3, 4, 5"),
    ],
)
def test_what_is_not_there_is_told(story: dict[str, Any], arguments: tuple[str, ...], message: str) -> None:
    from ingestion.errors import ConfigurationError

    assert story
    with pytest.raises(ConfigurationError, match=message):
        invoke("diff", *arguments)
