"""An API from the catalogue to the log, by the command line: its articles are there, its key is not."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.api_server import Api, Query

KEY = "k3y-0f/the+paper=="
IN_ADDRESSES = "k3y-0f%2Fthe%2Bpaper%3D%3D"
CATALOGUE = """
[publisher]
id = "paper"

[[source]]
id = "paper-{name}"
kind = "api"
url = "http://{name}.api.example/items"

[source.api]
mode = "document"
items = "items"
parameters = {{ page = "{{page}}", from = "{{since}}" }}
auth = {{ variable = "PAPER_KEY", {where} }}
paging = {{ by = "page" }}
fields = {{ id = "id", url = "url", published = "published" }}
"""
STORY = "The ferry between the two towns is back after a winter in the yard, its owners said on Monday. "


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    scripted = ScriptedServer()
    yield scripted
    scripted.close()


def told(query: Query) -> Any:
    if query["page"] == "3":
        return answer(401, f"the key {KEY} may not see page 3 of {IN_ADDRESSES}".encode())
    first = 2 * int(query["page"])
    numbers = (first, first + 1)
    return {
        "asked": query,
        "items": [
            {
                "id": str(number),
                "url": f"http://paper.example/{number}",
                "headline": f"Ferry {number} returns",
                "body": f"{STORY * 3}It is boat {number}.",
                "published": "2026-11-02T10:00:00Z",
                "self": f"http://api.example/items/{number}?api-key={IN_ADDRESSES}",
            }
            for number in numbers
        ],
    }


def everything_in(folder: Path) -> Iterator[bytes]:
    """The bytes of every file, and what the databases hold as values."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
            if path.read_bytes().startswith(b"SQLite format 3"):
                with sqlite3.connect(path) as database:
                    yield "\n".join(database.iterdump()).encode("utf-8", "replace")


def test_the_key_of_an_api_is_in_no_output_no_topic_and_no_state(
    server: ScriptedServer, tmp_path: Path
) -> None:
    api = Api(server, told)
    (tmp_path / "catalogue").mkdir()
    for name, where in (("query", 'parameter = "api-key"'), ("header", 'header = "X-Api-Key"')):
        (tmp_path / "catalogue" / f"{name}.toml").write_text(CATALOGUE.format(name=name, where=where))
    settings = {
        "NEWS_DATA_DIR": str(tmp_path / "data"),
        "NEWS_CATALOGUE": str(tmp_path / "catalogue"),
        "NEWS_LOG_LEVEL": "debug",
        "NEWS_FETCH__CONNECT_TO": json.dumps({"*.example": server.endpoint}),
        "NEWS_FETCH__MIN_INTERVAL_SECONDS": "0",
        "PAPER_KEY": KEY,
    }
    said = []

    for command in (["collect"], ["transform"], ["rejected", "--json"]):
        done = subprocess.run(
            [sys.executable, "-m", "ingestion", *command],
            env={**os.environ, **settings},
            capture_output=True,
            check=False,
            timeout=120,
        )
        said += [done.stdout, done.stderr]

    assert said[0], said[1].decode()
    assert json.loads(said[0])["entered"] == {"paper-query": 5, "paper-header": 5}
    assert len(json.loads(said[4])) == 2
    assert sum(KEY in request for request in api.requests) == 3
    assert sum(IN_ADDRESSES in request for request in api.requests) == 3
    assert b"REDACTED may not see page 3" in b"".join(everything_in(tmp_path / "data"))
    for found in (*said, *everything_in(tmp_path)):
        assert KEY.encode() not in found
        assert IN_ADDRESSES.encode() not in found
        assert b"the+paper" not in found
