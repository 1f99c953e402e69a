import gzip
import threading
from http.client import HTTPConnection
from typing import Any

import pytest

from ingestion.newsroom.server import Address, running

HARBOUR = "http://harbour-times.example"
CHANGING = f"{HARBOUR}/2026/11/19/tide-barrier-cost-rises"
STEADY = f"{HARBOUR}/2026/11/18/rowing-club-takes-estuary-cup"


def test_a_visitor_who_holds_nothing_gets_the_first_version_however_often(get: Any) -> None:
    first, again = get(CHANGING), get(CHANGING)

    assert first.status == 200
    assert "rises to £38m" in first.text
    assert "Correction, 19 November" not in first.text
    assert again.body == first.body


def test_a_visitor_who_holds_the_first_version_gets_the_second(get: Any) -> None:
    first = get(CHANGING)
    second = get(CHANGING, If_None_Match=first.headers["etag"])

    assert second.status == 200
    assert "rises to £41m" in second.text
    assert "Correction, 19 November" in second.text
    assert '"dateModified": "2026-11-19T15:40:00+00:00"' in second.text
    assert "will cost £38m" not in second.text
    assert second.headers["etag"] != first.headers["etag"]
    assert second.headers["last-modified"] == "Thu, 19 Nov 2026 15:40:00 GMT"


def test_a_visitor_who_holds_the_second_version_is_told_that_nothing_changed(get: Any) -> None:
    first = get(CHANGING)
    second = get(CHANGING, If_None_Match=first.headers["etag"])
    third = get(CHANGING, If_None_Match=second.headers["etag"])

    assert third.status == 304
    assert third.body == b""
    assert third.headers["etag"] == second.headers["etag"]


def test_the_changing_page_ignores_if_modified_since(get: Any) -> None:
    answer = get(CHANGING, If_Modified_Since="Sun, 22 Nov 2026 12:00:00 GMT")

    assert answer.status == 200
    assert "rises to £38m" in answer.text


@pytest.mark.parametrize(
    "url",
    [
        STEADY,
        f"{HARBOUR}/rss.xml",
        f"{HARBOUR}/sitemap-news.xml",
        f"{HARBOUR}/weather",
        f"{HARBOUR}/robots.txt",
        "http://larkmoor-post.example/archive/seed-library.txt",
    ],
)
def test_a_matching_etag_answers_304_and_another_does_not(get: Any, url: str) -> None:
    etag = get(url).headers["etag"]

    assert get(url, If_None_Match=etag).status == 304
    assert get(url, If_None_Match=f'"of-another-page", {etag}').status == 304
    assert get(url, If_None_Match='"of-another-page"').status == 200


def test_if_modified_since_counts_only_without_an_etag(get: Any) -> None:
    seen = get(STEADY).headers["last-modified"]

    assert get(STEADY, If_Modified_Since=seen).status == 304
    assert get(STEADY, If_Modified_Since="Wed, 18 Nov 2026 17:49:59 GMT").status == 200
    assert get(STEADY, If_Modified_Since="yesterday").status == 200
    assert get(STEADY, If_Modified_Since=seen, If_None_Match='"old"').status == 200


def test_gzip_is_sent_to_those_who_accept_it_under_an_etag_of_its_own(get: Any) -> None:
    plain, packed = get(STEADY), get(STEADY, Accept_Encoding="gzip, br")

    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert get(STEADY, If_None_Match=packed.headers["etag"]).status == 304


def test_the_second_version_follows_the_gzipped_first_too(get: Any) -> None:
    first = get(CHANGING, Accept_Encoding="gzip")
    second = get(CHANGING, Accept_Encoding="gzip", If_None_Match=first.headers["etag"])
    third = get(CHANGING, Accept_Encoding="gzip", If_None_Match=second.headers["etag"])

    assert "£41m" in gzip.decompress(second.body).decode()
    assert third.status == 304


def test_an_old_address_moves_for_good_to_the_article(get: Any) -> None:
    moved = get(f"{HARBOUR}/r/48213")

    assert moved.status == 301
    assert moved.headers["location"] == f"{HARBOUR}/2026/11/20/ferry-lock-gates"
    assert get(moved.headers["location"]).status == 200


def test_an_unknown_publisher_is_misdirected_and_an_unknown_path_not_found(get: Any) -> None:
    assert get("http://elsewhere.example/").status == 421
    assert get(f"{HARBOUR}/2026/11/17/regatta-programme-draft").status == 404


def test_tracking_parameters_lead_to_the_same_page(get: Any) -> None:
    assert get(f"{STEADY}?utm_source=rss").body == get(STEADY).body


def test_head_has_the_headers_of_get_and_no_body(newsroom: Address) -> None:
    connection = HTTPConnection(newsroom.host, newsroom.port, timeout=10)
    connection.request("HEAD", "/weather", headers={"Host": "harbour-times.example"})
    response = connection.getresponse()

    assert response.status == 200
    assert int(response.headers["Content-Length"]) > 500
    assert response.read() == b""
    connection.close()


def test_several_requests_use_one_connection(newsroom: Address) -> None:
    connection = HTTPConnection(newsroom.host, newsroom.port, timeout=10)
    sockets = set()
    for path in ("/", "/weather", "/nothing", "/r/48213"):
        connection.request("GET", path, headers={"Host": "harbour-times.example"})
        connection.getresponse().read()
        sockets.add(connection.sock)

    assert len(sockets) == 1
    assert sockets != {None}
    connection.close()


def test_last_modified_is_when_the_article_last_changed(get: Any) -> None:
    answer = get("http://misakino-shimpo.example/articles/20261120-001")

    assert answer.headers["last-modified"] == "Fri, 20 Nov 2026 00:20:00 GMT"


def test_the_server_stops_by_itself_even_with_a_visitor_on_the_line() -> None:
    before = set(threading.enumerate())
    with running() as address:
        connection = HTTPConnection(address.host, address.port, timeout=10)
        connection.request("GET", "/", headers={"Host": "harbour-times.example"})
        connection.getresponse().read()
        ours = set(threading.enumerate()) - before

    assert len(ours) >= 2
    assert not any(thread.is_alive() for thread in ours)
    with pytest.raises(ConnectionRefusedError):
        HTTPConnection(address.host, address.port, timeout=10).connect()
    connection.close()


def test_the_server_stops_when_the_block_fails() -> None:
    before = set(threading.enumerate())
    ours: set[threading.Thread] = set()
    with pytest.raises(LookupError), running():
        ours |= set(threading.enumerate()) - before
        raise LookupError

    assert ours
    assert not any(thread.is_alive() for thread in ours)


def test_the_server_takes_the_port_it_is_given() -> None:
    with running() as free:
        port = free.port
    with running(port) as address:
        assert str(address) == f"127.0.0.1:{port}"
