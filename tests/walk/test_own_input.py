"""Bad input and limits: everything that enters ends in the ledger, and the rest of the batch goes on."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ingestion.cli import app

REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY.parent / "shared" / "samples"
GOOD = """<html lang="en"><head><title>Ferry returns</title></head><body><article><h1>Ferry returns</h1>
<p>The ferry between the two towns is back after a winter in the yard, its owners said on Monday.</p>
<p>It will make six crossings a day until the end of the month, and eight after that.</p>
<p>Passengers had been taken across by bus, which took an hour longer than the boat does.</p>
<p>The owners said the new engine burns a third less, and fares will stay as they were last year.</p>
<p>A petition for a late boat on Saturdays has been signed by nine hundred people on both sides.</p>
<p>The council will talk about it in December, when it also decides on the repair of the eastern pier.</p>
<p>Until then the last boat leaves at seven in the evening, whatever the weather is.</p>
</article></body></html>"""


def news(data: Path, *arguments: str) -> Any:
    result = CliRunner().invoke(
        app, [*arguments, "--json"], env={"NEWS_DATA_DIR": str(data)}, catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "good.html").write_text(GOOD, encoding="utf-8")
    return folder


def reasons(data: Path, inbox: Path) -> dict[str, str]:
    run = news(data, "run", str(inbox))
    ledger = run["ledger"]
    assert ledger["documents"] == sum(ledger["outcomes"].values())
    assert ledger["outcomes"]["new"] >= 1, "the good page goes on, whatever is beside it"
    return {letter["locator"]: letter["error"] for letter in news(data, "rejected")}


def test_what_is_too_large_is_told_with_its_digest(tmp_path: Path, inbox: Path) -> None:
    (inbox / "huge.html").write_bytes(GOOD.encode() + b" " * 50_000_000)
    (inbox / "bomb.html.gz").write_bytes(gzip.compress(bytes(200_000_000), 9))
    found = reasons(tmp_path / "data", inbox)
    letters = {letter["locator"]: letter for letter in news(tmp_path / "data", "rejected")}

    assert found == {"huge.html": "TooLarge", "bomb.html.gz": "TooLarge"}
    assert letters["huge.html"]["payload_bytes"] > 50_000_000
    assert not letters["huge.html"]["payload_kept"]
    assert letters["bomb.html.gz"]["payload_kept"]


def test_what_is_not_what_it_says_is_told_with_its_bytes(tmp_path: Path, inbox: Path) -> None:
    (inbox / "picture.html").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    (inbox / "broken.json").write_bytes(b'{"title": "no end')
    (inbox / "cut.html.gz").write_bytes(gzip.compress(GOOD.encode())[:60])
    found = reasons(tmp_path / "data", inbox)

    assert set(found) == {"picture.html", "broken.json", "cut.html.gz"}
    assert all(letter["payload_kept"] for letter in news(tmp_path / "data", "rejected"))


def test_odd_articles_are_read_or_dropped_with_a_reason(tmp_path: Path, inbox: Path) -> None:
    odd = {"headline": "A \ud800 surrogate", "body": "Words. " * 40, "datePublished": "9999-01-01T00:00:00Z"}
    (inbox / "odd.json").write_text(json.dumps(odd), encoding="ascii")
    (inbox / "empty.html").write_bytes(b"")
    (inbox / "hollow.html").write_bytes(b"<html><body></body></html>")
    (inbox / "wrong-charset.html").write_bytes(
        GOOD.replace("<head>", '<head><meta charset="utf-8">').replace("Ferry", "Fähre").encode("cp1252")
    )
    run = news(tmp_path / "data", "run", str(inbox))["ledger"]

    assert run["documents"] == 5 == sum(run["outcomes"].values())
    assert run["reasons"].keys() == {"dropped/empty_file", "dropped/not_an_article"}
    assert run["outcomes"]["new"] == 3


def test_a_year_9999_is_unknown_and_never_a_date(tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({"headline": "Later", "body": "Words. " * 40, "datePublished": "9999-01-01"}))
    article = news(tmp_path / "data", "parse", str(path))

    assert article["published"] is None
    assert "implausible_date" in article["extraction"]["warnings"]


def test_the_same_files_again_are_unchanged(tmp_path: Path, inbox: Path) -> None:
    first = news(tmp_path / "data", "run", str(inbox))
    second = news(tmp_path / "data", "run", str(inbox))

    assert first["ledger"]["outcomes"]["new"] == 1
    assert second["ledger"]["outcomes"]["unchanged"] == 1
    assert second["written"] == first["written"]


@pytest.mark.slow
@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample collection is not beside the repository")
def test_the_sample_collection_is_walked_whole(tmp_path: Path) -> None:
    ledger = news(tmp_path / "data", "run", str(SAMPLES))["ledger"]
    again = news(tmp_path / "data", "run", str(SAMPLES))["ledger"]

    assert ledger["documents"] == sum(ledger["outcomes"].values()) > 400
    assert ledger["outcomes"]["new"] > 400
    assert again["outcomes"]["new"] == again["outcomes"]["updated"] == 0


def test_a_new_log_goes_on_where_the_lost_one_ended(tmp_path: Path, inbox: Path) -> None:
    data = tmp_path / "data"
    assert news(data, "run", str(inbox))["written"]["lake_rows"] == 1
    for file in data.glob("log.sqlite*"):
        file.unlink()
    (inbox / "second.html").write_text(
        GOOD.replace("Ferry returns", "Tram sold").replace("The ferry", "The tram").replace("six", "nine"),
        encoding="utf-8",
    )
    again = news(data, "run", str(inbox))

    assert (again["ledger"]["outcomes"]["new"], again["ledger"]["outcomes"]["unchanged"]) == (1, 1)
    assert (again["written"]["lake_rows"], again["written"]["indexed_articles"]) == (2, 2)


def test_a_run_ends_with_a_search_that_finds_what_it_brought(tmp_path: Path, inbox: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "harbour.html").write_text(GOOD.replace("Ferry", "Harbour"), encoding="utf-8")
    env = {"NEWS_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "300"}
    before = CliRunner().invoke(app, ["run", str(other)], env=env, catch_exceptions=False).output
    printed = CliRunner().invoke(app, ["run", str(inbox)], env=env, catch_exceptions=False).output

    assert "$ news search harbour OR" in before
    assert "Harbour returns" in before
    assert f"""$ news search 'source:"files:{inbox}"'""" in printed
    assert "1 article found" in printed
    assert "Ferry returns" in printed.partition("$ news search")[2]


def test_a_run_of_what_no_search_can_name_ends_with_a_search_too(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*("of fog and ferries " * 10 for _ in range(6)))
    deep.mkdir(parents=True)
    (deep / "ferry.html").write_text(GOOD, encoding="utf-8")
    env = {"NEWS_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "300"}
    result = CliRunner().invoke(app, ["run", str(deep)], env=env, catch_exceptions=False)

    assert result.exit_code == 0
    assert "source:" not in result.output.partition("$ news search")[2].partition("\n")[0]
    assert "1 article found" in result.output
