"""Headers of the caller, which may hold secrets: where they go, and where they never show."""

import logging
import ssl
import traceback

import pytest

from ingestion.errors import HttpFailure, NewsError, Refused
from ingestion.source_ports import Fetched, Validators
from tests.unit.fetch.conftest import INTRANET, Make, ScriptedServer, answer

PAGE = "http://paper.example/api"
SECRET = "s3cr3t-k3y"  # noqa: S105
HEADERS = {"X-Api-Key": SECRET, "Authorization": f"Bearer {SECRET}"}


def test_credentials_go_to_the_first_origin_with_every_hop_there(make: Make, server: ScriptedServer) -> None:
    server.scripts["/api"] = answer(302, Location="/v2")
    server.scripts["/v2"] = answer(200, b"x")

    make().fetch(PAGE, Validators(etag='"1"'), HEADERS)

    for path in ("/api", "/v2"):
        (request,) = server.asked(path)
        assert f"X-Api-Key: {SECRET}\r\n" in request
        assert f"Authorization: Bearer {SECRET}\r\n" in request
        assert 'If-None-Match: "1"\r\n' in request
    assert SECRET not in server.asked("/robots.txt")[0]


@pytest.mark.parametrize(
    "target", ["http://other.example/v2", "http://paper.example:8080/v2", "//www.paper.example/v2"]
)
def test_credentials_stay_behind_on_a_redirect_elsewhere_and_do_not_come_back(
    make: Make, server: ScriptedServer, target: str
) -> None:
    server.scripts["/api"] = answer(302, Location=target)
    server.scripts["/v2"] = answer(302, Location="http://paper.example/v3")
    server.scripts["/v3"] = answer(200, b"x")

    make().fetch(PAGE, headers=HEADERS)

    assert SECRET in server.asked("/api")[0]
    assert [SECRET in server.asked(path)[0] for path in ("/v2", "/v3")] == [False, False]


def test_credentials_do_not_go_to_the_same_host_without_tls(
    make: Make, server: ScriptedServer, secure_server: ScriptedServer, trusting: ssl.SSLContext
) -> None:
    secure_server.scripts["/api"] = answer(302, Location=f"http://paper.test:{server.port}/v2")
    server.scripts["/v2"] = answer(200, b"x")

    make(**INTRANET, tls=trusting).fetch(f"https://paper.test:{secure_server.port}/api", headers=HEADERS)

    assert SECRET in secure_server.asked("/api")[0]
    assert SECRET not in server.asked("/v2")[0]


@pytest.mark.parametrize(
    "script",
    [
        answer(401, b"who are you?"),
        answer(429, Retry_After="1"),
        answer(503),
        answer(302, Location="http://10.0.0.1/"),
        answer(302, Location="/api"),
        answer(200, b"x", Content_Encoding="br"),
        answer(200, b"x" * 200_000),
        b"nonsense\r\n\r\n",
        b"",
    ],
)
def test_no_fault_log_or_answer_holds_a_secret(
    make: Make, server: ScriptedServer, script: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.scripts["/api"] = script

    with pytest.raises(NewsError) as caught:
        make().fetch(PAGE, headers=HEADERS)

    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    assert SECRET not in shown


def test_an_answer_that_sends_credentials_and_cookies_back_is_kept_without_them(
    make: Make, server: ScriptedServer
) -> None:
    server.scripts["/api"] = answer(200, b"x", Authorization=SECRET, Cookie=SECRET, Set_Cookie=f"id={SECRET}")

    fetched = make().fetch(PAGE, headers=HEADERS)

    assert isinstance(fetched, Fetched)
    assert SECRET not in repr(fetched)


@pytest.mark.parametrize(
    "value", [f"{SECRET}\r\nX: y", f"{SECRET}\n", f"{SECRET}é", f" {SECRET}", f"{SECRET}\0"]
)
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(make: Make, value: str) -> None:
    with pytest.raises(Refused, match="'X-Api-Key' holds characters") as caught:
        make().fetch(PAGE, headers={"X-Api-Key": value})

    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "name", ["User-Agent", "host", "Accept-Encoding", "Transfer-Encoding", "Cookie", "Range"]
)
def test_a_header_that_says_who_asks_and_how_is_not_the_callers(make: Make, name: str) -> None:
    with pytest.raises(Refused, match="set by this crawler itself"):
        make().fetch(PAGE, headers={name: "x"})


def test_a_caller_may_ask_for_another_media_type(make: Make, server: ScriptedServer) -> None:
    server.scripts["/api"] = answer(200, b"{}")

    make().fetch(PAGE, headers={"accept": "application/json"})

    request = server.asked("/api")[0].lower()
    assert request.count("accept:") == 1
    assert "accept: application/json\r\n" in request


@pytest.mark.parametrize("url", ["ftp://me:s3cr3t-k3y@paper.example/", "http://me:s3cr3t-k3y@paper.example/"])
def test_a_password_in_an_address_is_in_no_message(make: Make, url: str) -> None:
    with pytest.raises(Refused) as caught:
        make().fetch(url)

    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_validators_that_cannot_be_sent_are_left_out(make: Make, server: ScriptedServer) -> None:
    server.scripts["/api"] = answer(200, b"x")

    make().fetch(PAGE, Validators(etag='"é"', last_modified="Mon\r\nX: y"))

    assert "If-" not in server.asked("/api")[0]


def test_a_failure_keeps_its_body(make: Make, server: ScriptedServer) -> None:
    server.scripts["/api"] = answer(401, b"who are you?")

    with pytest.raises(HttpFailure) as caught:
        make().fetch(PAGE, headers=HEADERS)

    assert (caught.value.status, caught.value.body) == (401, b"who are you?")
