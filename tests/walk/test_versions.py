"""An article that is changed, corrected and withdrawn: what each visit of its page makes of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ingestion.cli import app
from ingestion.settings import load_settings
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


@pytest.fixture(scope="module", autouse=True)
def settings(server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("versions")
    (folder / "catalogue").mkdir()
    (folder / "catalogue" / "ferry-post.toml").write_text(CATALOGUE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWS_DATA_DIR", str(folder / "data"))
        patch.setenv("NEWS_CATALOGUE", str(folder / "catalogue"))
        patch.setenv("NEWS_FETCH__CONNECT_TO", json.dumps({"*.example": server.endpoint}))
        patch.setenv("NEWS_FETCH__MIN_INTERVAL_SECONDS", "0")
        patch.setenv("NEWS_FETCH__ATTEMPTS", "1")
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


def run() -> dict[str, int]:
    result = invoke("run", "--json")
    assert result.exit_code == 0, result.output
    ledger = json.loads(result.stdout)["ledger"]
    assert ledger["open_documents"] == 0
    return {name: count for name, count in ledger["outcomes"].items() if count}


def versions() -> list[dict[str, Any]]:
    with Wiring(load_settings()) as wiring:
        reader = wiring.lake_reader()
        (article_id,) = reader.articles_named(URL, 8)
        return [dict(row) for row in reader.versions_of(article_id)]


@pytest.fixture(scope="module")
def story(server: ScriptedServer) -> dict[str, Any]:
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
    told = {}
    for name, script in steps.items():
        server.scripts[URL.partition(".example")[2]] = script
        told[name] = run()
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
    assert [(hit["version"], hit["headline"]) for hit in found["hits"]] == [
        (5, "Islanders get their night boat back")
    ]


def test_a_diff_shows_what_changed(story: dict[str, Any]) -> None:
    told = json.loads(invoke("diff", URL, "--from", "1", "--to", "3", "--json").stdout)
    printed = invoke("diff", URL, "--from", "1", "--to", "3").stdout

    assert story
    assert [block["mark"] for block in told["blocks"]] == ["edited", "same", "same", "same", "added"]
    assert "from [-Friday-], the harbour" in printed
    assert "from {+Saturday+}, the harbour" in printed
    assert "… 3 paragraphs the same" in printed
    assert f"+ {CORRECTION}" in printed


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
