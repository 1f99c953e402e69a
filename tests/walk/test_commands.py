"""The commands as a person uses them, in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRAPE = """Old mill turns again after forty years
Text size
Share

Old mill turns again after forty years

The wheel of the old mill at Brackwater turned on Sunday for the first time since the river was moved.

Three hundred people watched as the sluice was raised, and the miller's granddaughter let the water in.

“It groaned like a cow,” said the carpenter, who spent eleven winters on the oak.

COMMENTS (3)
"""

PAGE = """<html lang="en"><head><title>Old mill turns again | Brackwater Post</title>
<meta name="author" content="Staff">
<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Old mill turns again",
"author": {"name": "Ada Miller"}, "datePublished": "2026-11-20T09:00:00+01:00"}</script></head>
<body><h1>Old mill turns again</h1><article>
<p>The wheel of the old mill turned on Sunday for the first time since the river was moved, to cheers.</p>
<p>Three hundred people watched as the sluice was raised, and the miller's granddaughter let the water in.</p>
<p>The carpenter who spent eleven winters on the oak said that it had groaned like a cow all day.</p>
</article></body></html>"""


def news(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
    return subprocess.run(
        [sys.executable, "-m", "ingestion", *arguments],
        env={**environment, "NEWS_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def scrape(tmp_path: Path) -> Path:
    path = tmp_path / "mill.txt"
    path.write_text(SCRAPE, encoding="utf-8")
    return path


def test_a_trace_shows_every_step_and_keeps_nothing(tmp_path: Path, scrape: Path) -> None:
    done = news(tmp_path / "data", "trace", str(scrape), "--json")
    trace = json.loads(done.stdout)

    assert [step["step"] for step in trace["steps"]] == [
        "collect",
        "news.raw",
        "parse",
        "normalise",
        "validate",
        "fingerprint",
        "deduplicate",
        "trim",
        "version",
        "group",
        "news.articles",
        "gate",
        "store",
        "index",
    ]
    assert trace["outcome"] == "new"
    assert not (tmp_path / "data").exists()


def test_a_trace_is_printed_for_people(tmp_path: Path, scrape: Path) -> None:
    printed = news(tmp_path / "data", "trace", str(scrape)).stdout

    for words in ("comment_count", "size_control", "outcome: new", "groaned like a cow"):
        assert words in printed


def test_an_address_of_the_sample_newsroom_can_be_traced(tmp_path: Path) -> None:
    url = "http://harbour-times.example/2026/11/20/ferry-lock-gates"
    trace = json.loads(news(tmp_path / "data", "trace", url, "--json").stdout)

    assert trace["outcome"] == "new"
    assert trace["steps"][2]["fields"]["canonical_url"] == url


def test_parse_prints_the_article_as_its_contract_has_it(tmp_path: Path, scrape: Path) -> None:
    url = "http://paper.example/mill?utm_source=x"
    article = json.loads(news(tmp_path / "data", "parse", str(scrape), "--url", url, "--json").stdout)

    assert article["headline"] == "Old mill turns again after forty years"
    assert article["canonical_url"] == "http://paper.example/mill"
    assert (article["comment_count"], len(article["paragraphs"]), article["published"]) == (3, 3, None)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "/nowhere/at/all"], 2, "there is no file or folder"),
        (["collect", "no-such-source"], 2, "no enabled source no-such-source"),
        (["search", "after:yesterday"], 2, "is not a date"),
        (["rejected", "show", "abc"], 2, "no dead letter"),
        (["parse", "/nowhere/at/all"], 2, "does not exist"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    done = news(tmp_path / "data", *arguments)

    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    environment = {**os.environ, "NEWS_DATA_DIR": str(tmp_path), "NEWS_BROKER": "rabbit://host"}
    done = subprocess.run(
        [sys.executable, "-m", "ingestion", "status"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "NEWS_BROKER='rabbit://host'" in done.stderr


def test_a_trace_tells_the_candidates_of_each_field_and_why_one_won(tmp_path: Path) -> None:
    path = tmp_path / "mill.html"
    path.write_text(PAGE, encoding="utf-8")
    trace = json.loads(news(tmp_path / "data", "trace", str(path), "--json").stdout)
    (parsed,) = [step for step in trace["steps"] if step["step"] == "parse"]
    decisions = {decision["field"]: decision for decision in parsed["decisions"]}
    chosen = {
        field: [found["place"] for found in decision["candidates"] if found["chosen"]]
        for field, decision in decisions.items()
    }
    printed = news(tmp_path / "data", "trace", str(path)).stdout

    assert chosen["headline"] == ["json-ld:headline"]
    assert chosen["authors"] == ["json-ld:author"]
    assert chosen["published"] == ["json-ld:datePublished"]
    assert decisions["authors"]["candidates"][1]["why"].startswith("names no person")
    assert len(chosen["body"]) == 1
    assert "names no person" in " ".join(printed.split())


def test_parse_reads_many_paths_and_the_standard_input(tmp_path: Path, scrape: Path) -> None:
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "a.html").write_text(PAGE, encoding="utf-8")
    (folder / "b.html").write_bytes(b"%PDF-1.7 no page")
    done = news(tmp_path / "data", "parse", str(folder), str(scrape), "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    piped = subprocess.run(
        [sys.executable, "-m", "ingestion", "parse", "-", "--json"],
        input=PAGE.encode(),
        capture_output=True,
        check=True,
        timeout=120,
    )

    assert [Path(line["path"]).name for line in lines] == ["a.html", "b.html", "mill.txt"]
    assert lines[0]["headline"] == json.loads(piped.stdout)["headline"] == "Old mill turns again"
    assert lines[1]["outcome"] == "rejected"
    assert "binary" in lines[1]["message"]
