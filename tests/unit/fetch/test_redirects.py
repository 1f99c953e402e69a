"""Redirects: where they lead, for good or not, in circles, and away from safety."""

import ssl

import pytest

from ingestion.errors import HttpFailure, Refused
from ingestion.fetch.redirects import Chain, Redirect
from ingestion.fetch.web_address import web_address
from ingestion.source_ports import Fetched, NotModified, Validators
from tests.unit.fetch.conftest import INTRANET, Make, ScriptedServer, answer

PAGE = "http://paper.example/page"


def test_redirects_are_followed_and_the_last_address_is_told(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(301, Location="//other.example/moved?a=1")
    server.scripts["/moved"] = answer(200, b"here")

    fetched = make().fetch(PAGE)

    assert isinstance(fetched, Fetched)
    assert (fetched.url, fetched.body) == ("http://other.example/moved?a=1", b"here")


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [
        ([301], True),
        ([308], True),
        ([301, 308, 301], True),
        ([302], False),
        ([303], False),
        ([307], False),
        ([301, 302], False),
        ([307, 308], False),
        ([], False),
    ],
)
def test_a_page_has_moved_only_where_every_hop_says_that_it_is_for_good(
    make: Make, server: ScriptedServer, statuses: list[int], *, moved: bool
) -> None:
    for number, status in enumerate(statuses):
        server.scripts[f"/{number}"] = answer(status, Location=f"/{number + 1}")
    last = f"http://paper.example/{len(statuses)}"
    server.scripts[f"/{len(statuses)}"] = answer(200, b"here", ETag='"1"')

    fetched = make().fetch("http://paper.example/0")
    server.scripts[f"/{len(statuses)}"] = answer(304)
    unchanged = make().fetch("http://paper.example/0", Validators(etag='"1"'))

    assert isinstance(fetched, Fetched)
    assert fetched.moved_to == (last if moved else None)
    assert isinstance(unchanged, NotModified)
    assert unchanged.moved_to == fetched.moved_to


@pytest.mark.parametrize("hops", [["/page"], ["/a", "/page"], ["/a", "/b", "/a"]])
def test_redirects_in_a_loop_are_told_as_such(make: Make, server: ScriptedServer, hops: list[str]) -> None:
    for at, to in zip(["/page", *hops], hops, strict=False):
        server.scripts[at] = answer(301, Location=to)

    with pytest.raises(HttpFailure, match="redirected in a loop: ") as caught:
        make().fetch(PAGE)

    assert caught.value.status == 310
    assert str(caught.value).endswith(f"http://paper.example{hops[-1]}")


def test_redirects_that_lead_ever_further_end(make: Make, server: ScriptedServer) -> None:
    for number in range(20):
        server.scripts[f"/{number}"] = answer(302, Location=f"/{number + 1}?secret=s3cr3t")

    with pytest.raises(HttpFailure, match="more than 3 redirects") as caught:
        make().fetch("http://paper.example/0")

    assert [path for path in server.scripts if server.asked(path)] == ["/robots.txt", "/0"]
    assert len(server.requests) == 5
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "target", ["http://10.0.0.7/", "http://[::1]/", "file:///etc/passwd", "http://a:b@paper.example/"]
)
def test_a_redirect_to_where_we_do_not_go_is_refused(make: Make, server: ScriptedServer, target: str) -> None:
    server.scripts["/page"] = answer(302, Location=target)

    with pytest.raises(Refused):
        make().fetch(PAGE)


@pytest.mark.parametrize(
    "target", ["http://[::1", "//", "http://paper.example:x/", "http://\u2028/", "x" * 9000]
)
def test_a_redirect_to_no_address_is_a_failure(make: Make, server: ScriptedServer, target: str) -> None:
    server.scripts["/page"] = answer(302, Location=target)

    with pytest.raises((HttpFailure, Refused)):
        make().fetch(PAGE)


def test_a_redirect_without_a_target_is_a_failure(make: Make, server: ScriptedServer) -> None:
    server.scripts["/page"] = answer(302)

    with pytest.raises(HttpFailure, match="302"):
        make().fetch(PAGE)


def chain(*hops: str) -> Chain:
    made = Chain(web_address(hops[0]), 5)
    for hop in hops[1:]:
        made.follow(Redirect(hop, for_good=True))
    return made


def test_a_page_that_gives_up_tls_is_noted_and_has_not_moved_for_good() -> None:
    down = chain("https://paper.example/a", "http://paper.example/a", "http://paper.example/b")

    assert down.downgrade == "https://paper.example → http://paper.example"
    assert down.moved_to is None
    up = chain("http://paper.example/a", "https://paper.example/a")
    assert (up.downgrade, up.moved_to) == (None, "https://paper.example/a")


@pytest.mark.parametrize(
    ("hops", "at_home"),
    [
        (["/b"], True),
        (["https://paper.example:443/b"], True),
        (["https://PAPER.example/b"], True),
        (["http://paper.example/b"], False),
        (["https://paper.example:8443/b"], False),
        (["https://www.paper.example/b"], False),
        (["https://other.example/b", "https://paper.example/c"], False),
    ],
)
def test_a_chain_has_left_home_with_another_scheme_host_or_port(hops: list[str], *, at_home: bool) -> None:
    urls = [str(web_address("https://paper.example/a").join(hop)) for hop in hops]

    assert chain("https://paper.example/a", *urls).at_home is at_home


def test_a_downgrade_is_among_the_hints(
    make: Make, server: ScriptedServer, secure_server: ScriptedServer, trusting: ssl.SSLContext
) -> None:
    secure_server.scripts["/down"] = answer(301, Location=f"http://paper.test:{server.port}/plain")
    server.scripts["/plain"] = answer(200, b"x")
    secure = f"https://paper.test:{secure_server.port}"

    fetched = make(**INTRANET, tls=trusting).fetch(f"{secure}/down")

    assert isinstance(fetched, Fetched)
    assert fetched.hints["fetch.downgrade"] == f"{secure} → http://paper.test:{server.port}"
    assert fetched.moved_to is None
