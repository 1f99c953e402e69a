"""The fetcher and what sites say about mining: asked once, politely, and it reaches the article."""

import json

from ingestion.article import Article, Permission, Publisher, SourceRef
from ingestion.parse import parse
from ingestion.source_ports import Disallowed, Fetched, Link
from ingestion.sources.documents import Origin, from_answer
from tests.unit.fetch.conftest import Make, ScriptedServer, Time, answer

PAGE = "http://paper.example/news/1"
FILE = "/.well-known/tdmrep.json"
STORY = (
    '<html><head><title>Night boat returns</title><meta property="og:type" content="article"></head><body><p>'
    + "The night boat will sail again from Monday, the harbour office said. " * 4
    + "</p></body></html>"
).encode()
RULES = json.dumps(
    [{"location": "/news/", "tdm-reservation": 1, "tdm-policy": "http://paper.example/p"}]
).encode()


def page(**headers: str) -> bytes:
    return answer(200, STORY, Content_Type="text/html; charset=utf-8", **headers)


def hints_of(answered: object) -> dict[str, str]:
    assert isinstance(answered, Fetched)
    return answered.hints


def test_what_the_file_of_a_site_says_comes_with_its_pages(make: Make, server: ScriptedServer) -> None:
    server.scripts |= {"/news/1": page(), "/news/2": page(), FILE: answer(200, RULES)}
    fetcher = make()
    first, second = (hints_of(fetcher.fetch(f"http://paper.example/news/{number}")) for number in (1, 2))

    assert first == second
    assert first["tdmrep.reservation"] == "1"
    assert first["tdmrep.policy"] == "http://paper.example/p"
    assert len(server.asked(FILE)) == 1


def test_it_becomes_the_rights_of_the_article(make: Make, server: ScriptedServer) -> None:
    server.scripts |= {FILE: answer(200, RULES)}
    server.scripts["/news/1"] = page(X_Robots_Tag="otherbot: noindex\r\nX-Robots-Tag: noarchive")
    fetched = make().fetch(PAGE)
    assert isinstance(fetched, Fetched)
    origin = Origin(source=SourceRef(id="s", kind="feed"), publisher=Publisher(id="p"), run_id="r")
    link = Link(url=PAGE, hints={"feed.title": "Ferry to sail after dark"})
    article = parse(from_answer(origin, link, fetched))

    assert isinstance(article, Article)
    assert article.rights.text_and_data_mining is Permission.RESERVED
    assert article.rights.tdm_policy == "http://paper.example/p"
    assert article.rights.robots_directives == ("noarchive",)
    assert (article.rights.indexing, article.rights.archiving) == (Permission.ALLOWED, Permission.RESERVED)
    assert article.rights.robots is not None
    assert article.alternative_headlines == ("Ferry to sail after dark",)


def test_the_request_for_it_counts_in_the_budget_of_the_host(
    make: Make, server: ScriptedServer, time: Time
) -> None:
    server.scripts |= {"/news/1": page(), FILE: answer(200, RULES)}
    make(min_interval_seconds=10.0).fetch(PAGE)

    assert [request.split(" ")[1] for request in server.requests] == ["/robots.txt", "/news/1", FILE]
    assert time.seconds == 20.0


def test_a_site_without_it_is_asked_once_and_its_pages_are_read(make: Make, server: ScriptedServer) -> None:
    server.scripts |= {"/news/1": page()}
    fetcher = make()
    fetcher.fetch(PAGE)
    hints = hints_of(fetcher.fetch(PAGE))

    assert "tdmrep.reservation" not in hints
    assert "cannot be had: 404" in hints["tdmrep.note"]
    assert len(server.asked(FILE)) == 1


def test_a_file_that_is_not_for_us_by_robots_is_not_asked_for(make: Make, server: ScriptedServer) -> None:
    server.scripts |= {
        "/robots.txt": answer(200, b"User-agent: *\nDisallow: /.well-known/"),
        "/news/1": page(),
        FILE: answer(200, RULES),
    }
    hints = hints_of(make().fetch(PAGE))

    assert "disallowed by" in hints["tdmrep.note"]
    assert server.asked(FILE) == []


def test_nobody_is_asked_where_that_is_switched_off_or_robots_are_not_asked(
    make: Make, server: ScriptedServer
) -> None:
    server.scripts |= {"/news/1": page(), FILE: answer(200, RULES)}
    without = [hints_of(make(**{name: False}).fetch(PAGE)) for name in ("ask_tdmrep", "respect_robots")]

    assert not [name for hints in without for name in hints if name.startswith("tdmrep.")]
    assert server.asked(FILE) == []


def test_a_page_that_robots_keep_from_us_is_no_reason_to_ask(make: Make, server: ScriptedServer) -> None:
    server.scripts |= {
        "/robots.txt": answer(200, b"User-agent: *\nDisallow: /news"),
        FILE: answer(200, RULES),
    }

    assert isinstance(make().fetch(PAGE), Disallowed)
    assert server.asked(FILE) == []
