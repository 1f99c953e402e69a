"""What is learned beside the body: who asked; and that trouble with it keeps no page away."""

import pytest

from ingestion.source_ports import Fetched
from tests.unit.fetch.conftest import Make, ScriptedServer, answer

PAGE = "http://paper.example/news/1"
TDMREP = "/.well-known/tdmrep.json"
RESERVED = (
    b'[{"location": "/news/", "tdm-reservation": 1, "tdm-policy": "https://paper.example/policy.json"}]'
)
AGENT = {"fetch.agent": "example-newsbot/1.0 (+https://bot.example/)"}


@pytest.fixture(autouse=True)
def _pages(server: ScriptedServer) -> None:
    server.scripts["/news/1"] = answer(200, b"<p>x", Content_Type="text/html; charset=utf-8")
    server.scripts["/rss"] = answer(200, b"<rss/>", Content_Type="application/rss+xml")


def hints(make: Make, url: str = PAGE, **changes: object) -> dict[str, str]:
    fetched = make(**changes).fetch(url)
    assert isinstance(fetched, Fetched)
    return fetched.hints


def test_the_name_under_which_we_asked_is_told(make: Make) -> None:
    assert hints(make, "http://paper.example/rss") == AGENT


def test_feeds_do_not_make_us_ask_for_it(make: Make, server: ScriptedServer) -> None:
    hints(make, "http://paper.example/rss")

    assert server.asked(TDMREP) == []


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (answer(404), "cannot be had: 404"),
        (answer(500), "cannot be had: 500"),
        (answer(429, Retry_After="5"), "cannot be had: 429"),
        (b"", "cannot be had: what paper.example answered is no HTTP"),
        (answer(302, Location="http://10.0.0.1/"), "cannot be had: 10.0.0.1 is at 10.0.0.1"),
        (answer(302, Location=TDMREP), "cannot be had: redirected in a loop"),
        (answer(200, b"<html>"), "is no JSON"),
        (answer(200, b"[" + b" " * 99_000 + b"]" * 900_000), "is larger than"),
    ],
)
def test_trouble_with_that_file_keeps_no_page_from_being_read(
    make: Make, server: ScriptedServer, script: bytes, told: str
) -> None:
    server.scripts[TDMREP] = script

    assert told in hints(make)["tdmrep.note"]
    assert len(server.asked(TDMREP)) == 1
