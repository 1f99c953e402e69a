"""The whole walk over the sample newsroom: every document's outcome is known beforehand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from ingestion.cli import app

pytestmark = pytest.mark.xdist_group("walk")

FIRST = {"new": 41, "updated": 1, "unchanged": 11, "duplicate": 1, "dropped": 2, "rejected": 2}
REASONS = {
    "dropped/not_an_article": 1,
    "dropped/robots_disallowed": 1,
    "rejected/HttpFailure": 1,
    "rejected/Unreadable": 1,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEWS_DATA_DIR", str(folder))
        patch.delenv("NEWS_CATALOGUE", raising=False)
        yield folder


def news(*arguments: str) -> Any:
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def first(data: Path) -> Any:
    assert data.exists()
    return news("run")


def test_the_ledger_is_as_the_newsroom_says(first: Any) -> None:
    ledger = first["ledger"]

    assert (ledger["documents"], ledger["outcomes"], ledger["reasons"]) == (58, FIRST, REASONS)
    assert ledger["open_documents"] == 0


def test_the_lake_the_index_and_the_export_agree(first: Any, data: Path) -> None:
    written = first["written"]
    (file,) = written["exports"]
    rows = pq.read_table(data / "exports" / "articles" / file["path"])

    assert written["lake_rows"] == file["rows"] == rows.num_rows == 42
    assert written["indexed_articles"] == len(set(rows["article_id"].to_pylist())) == 41


def test_a_second_run_changes_nothing(first: Any) -> None:
    second = news("run")

    assert second["ledger"]["outcomes"] == {**dict.fromkeys(FIRST, 0), "unchanged": 58}
    assert second["written"] == first["written"]


def test_the_changed_article_is_found_in_its_second_version(first: Any) -> None:
    assert first
    (hit,) = [hit for hit in news("search", "tide barrier Saltmere £41m")["hits"] if hit["version"] == 2]

    assert "41m" in hit["headline"]


@pytest.mark.parametrize(
    ("words", "language"),
    [("مدرسة", "ar"), ("Hafen OR Werft", "de"), ("社会 OR 港", "ja"), ("estuary", "en")],
)
def test_every_language_is_found_by_its_words(first: Any, words: str, language: str) -> None:
    assert first
    page = news("search", words)

    assert language in {hit["language"] for hit in page["hits"]}
    assert any(
        "<mark>" in passage for hit in page["hits"] for p in hit["highlights"].values() for passage in p
    )


def test_dead_letters_hold_their_bytes_and_can_be_replayed(first: Any) -> None:
    assert first
    letters = news("rejected")
    broken_feed = next(letter for letter in letters if letter["error"] == "Unreadable")
    whole = json.loads(CliRunner().invoke(app, ["rejected", "show", broken_feed["rejected_id"][:16]]).stdout)
    replayed = json.loads(CliRunner().invoke(app, ["rejected", "replay", "--all"]).stdout)

    assert whole["payload"]
    assert sum(replayed["entered"].values()) == len(letters) == 2


def test_the_books_of_every_run_are_shown(first: Any) -> None:
    status = news("status")

    assert first["run_id"] in [run["run_id"] for run in status["runs"]]
    assert all(lag["records"] == 0 for lag in status["lags"] if lag["group"] in {"store", "index"})


def test_every_service_is_healthy(first: Any) -> None:
    assert first
    assert all(finding["healthy"] for finding in news("doctor"))


def test_the_broken_source_is_told_in_words(first: Any) -> None:
    assert first
    rows = {row["source_id"]: row for row in news("sources", "health")}

    assert rows["gaceta-valdebruma-sport"]["verdict"] == "broken"
    assert "HTML page" in rows["gaceta-valdebruma-sport"]["seen"]
    assert rows["harbour-times-sitemap"]["verdict"] == "well"
