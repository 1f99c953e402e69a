"""Which links of a front page are articles."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from ingestion.article import Document, Rejected
from ingestion.fetch.client import PoliteFetcher
from ingestion.source_ports import Fetched, Validators
from ingestion.sources import open_source
from ingestion.sources.article_links import ENOUGH, OTHER_FOLDERS, Anchor, Place, score, slug_words
from ingestion.sources.catalogue import LinkRules
from ingestion.sources.documents import Origin
from ingestion.sources.front_page import FrontPageReader
from tests.unit.fetch.conftest import ScriptedServer, answer
from tests.unit.sources.conftest import InMemory, Samples, collect, entry

FRONT = "http://www.paper.example/"
PAGE = """<!doctype html><html lang="{lang}"><body>
<header><a href="/">Home</a><nav><ul><li><a href="/sport/">Sport</a></li>
<li><a href="/world/europe-and-the-near-east/">{section}</a></li></ul></nav></header>
<main>{main}</main>
<aside><ol>{aside}</ol></aside>
<footer><a href="/about-us">About us</a><a href="/privacy-policy">Privacy</a>
<a href="/how-to-write-a-letter-to-the-editor">{section}</a>
<a href="https://social.example/paper">Follow the paper on our social network</a></footer></body></html>"""

ENGLISH = """<h2><a href="/2026/11/22/ferry-lock-gates">Ferry waits for the lock gates</a></h2>
<article><a href="/news/tide-barrier-cost-rises-again-48213.html"><img src="x.jpg"></a>
<h3>Tide barrier costs rise again</h3>
<a href="/news/tide-barrier-cost-rises-again-48213.html">Tide barrier costs rise again,
says the council</a></article>
<a href="/tag/ferries">Ferries</a> <a href="/author/maren-oakshott" rel="author">Maren Oakshott</a>
<a href="/news/page/2/">Next page</a> <a href="/files/programme-of-the-regatta-2026.pdf">The programme</a>
<a href="/2026/11/">November</a>
<a href="//other.example/2026/11/22/a-story-of-another-paper">Elsewhere</a>
<a href="mailto:desk@paper.example">Write to the desk today</a>
<a href="javascript:void(0)">Open the menu now</a>"""
ARABIC = """<h3><a href="/local/2026/11/16/مكتبة-متنقلة-على-ظهور-الجمال">
مكتبة متنقلة على ظهور الجمال</a></h3>
<h3><a href="/economy/%D9%85%D8%B5%D9%86%D8%B9-%D9%88%D8%B1%D9%82-%D9%85%D9%86-%D8%B3%D8%B9%D9%81">
مصنع ورق</a></h3>
<a href="/محليات">محليات</a>"""
JAPANESE = """<a href="/articles/ASV5K0P1V5KUTFK001M.html">三日月港の灯台、百年ぶりに塗り替え</a>
<a href="/news/20261122/k10014912341000.html">岬の小学校が給食の野菜を屋上で育てる</a>
<a href="/三日月港の灯台が百年ぶりに塗り替えられる">
<h3>三日月港の灯台</h3></a>
<a href="/news/">ニュース</a> <a href="/articles/columns/2633">連載</a>"""
KOREAN = """<a href="/news/articleView.html?idxno=215443">
<strong>섬마을 도서관에 낙타가 책을 싣고 온다</strong></a>
<a href="/news/articleList.html?sc_section_code=S1N1&page=2">2</a>"""
GERMAN = """<article><h2><a href="/kultur/orgel-mit-fehlendem-ton-a-2f1c9e0d">Orgel mit fehlendem Ton</a></h2>
</article>
<a href="/impressum">Impressum</a>
<a href="/abo/digital-und-gedruckt-lesen">Jetzt digital und gedruckt lesen</a>"""

CASES = {
    "en": (ENGLISH, ["/2026/11/22/ferry-lock-gates", "/news/tide-barrier-cost-rises-again-48213.html"]),
    "ar": (
        ARABIC,
        [
            "/local/2026/11/16/مكتبة-متنقلة-على-ظهور-الجمال",
            "/economy/%D9%85%D8%B5%D9%86%D8%B9-%D9%88%D8%B1%D9%82-%D9%85%D9%86-%D8%B3%D8%B9%D9%81",
        ],
    ),
    "ja": (
        JAPANESE,
        [
            "/articles/ASV5K0P1V5KUTFK001M.html",
            "/news/20261122/k10014912341000.html",
            "/三日月港の灯台が百年ぶりに塗り替えられる",
        ],
    ),
    "ko": (KOREAN, ["/news/articleView.html?idxno=215443"]),
    "de": (GERMAN, ["/kultur/orgel-mit-fehlendem-ton-a-2f1c9e0d"]),
}


def fetched(body: str, url: str = FRONT) -> Fetched:
    return Fetched(
        url=url,
        status=200,
        headers={},
        content_type="text/html",
        charset="utf-8",
        body=body.encode(),
        fetched_at=datetime(2026, 11, 23, tzinfo=UTC),
        validators=Validators(),
    )


def links(body: str, rules: LinkRules | None = None) -> dict[str, dict[str, str]]:
    at = entry("front_page", FRONT)
    origin = Origin(source=at.ref, publisher=at.publisher, run_id="r")
    reading = FrontPageReader(rules or LinkRules()).read(origin, fetched(body))
    return {link.url.removeprefix(FRONT.rstrip("/")): link.hints for link in reading.links}


@pytest.mark.parametrize("language", CASES)
def test_the_articles_of_a_front_page_are_found_and_nothing_else(language: str) -> None:
    main, articles = CASES[language]

    found = links(PAGE.format(lang=language, main=main, section="Europe and the near East", aside=""))

    assert list(found) == articles


def test_a_link_says_why_it_was_taken_and_what_it_is_called() -> None:
    found = links(PAGE.format(lang="en", main=ENGLISH, section="", aside=""))

    assert found["/2026/11/22/ferry-lock-gates"] == {
        "front_page.score": "11: date in the address +3, slug of 3 words +2, heading +3, 6 words +2, "
        "main part +1",
        "front_page.title": "Ferry waits for the lock gates",
    }


def test_an_address_that_is_linked_twice_is_judged_by_its_best_words() -> None:
    found = links(PAGE.format(lang="en", main=ENGLISH, section="", aside=""))

    assert found["/news/tide-barrier-cost-rises-again-48213.html"]["front_page.title"] == (
        "Tide barrier costs rise again, says the council"
    )


def test_what_the_catalogue_names_goes_before_any_guess() -> None:
    page = PAGE.format(
        lang="en", main='<a href="/x/7">Seven</a> <a href="/y/8">Eight</a>', section="", aside=""
    )

    assert links(page) == {}
    assert list(links(page, LinkRules(include=(r"/x/\d+$",)))) == ["/x/7"]


def test_a_list_of_latest_headlines_beside_the_main_part_counts() -> None:
    address = "/harbour/swing-bridge-closes-for-eleven-nights-in-march"
    aside = f'<li><a href="{address}">Swing bridge closes at night</a></li>'

    assert list(links(PAGE.format(lang="en", main="", section="", aside=aside)))


def test_a_base_element_is_followed() -> None:
    body = '<!doctype html><base href="/en/"><h2><a href="2026/11/22/a-b-c">Three words here</a></h2>'

    assert list(links(body)) == ["/en/2026/11/22/a-b-c"]


def test_a_front_page_is_read_and_its_articles_are_visited_but_not_their_links(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    address, other = "/2026/11/22/ferry-lock-gates", "/2026/11/21/another-story-there"
    front = f'<!doctype html><h2><a href="{address}">Ferry waits for the lock gates</a></h2>'
    story = f'<!doctype html><p>News</p><h2><a href="{other}">Another story is there</a></h2>'
    server.scripts |= {"/": answer(200, front.encode()), address: answer(200, story.encode())}

    (visit,) = collect(open_source(entry("front_page", FRONT), fetcher=fetcher, memory=memory), memory)

    assert isinstance(visit.result, Document)
    assert visit.result.hints["front_page.title"] == "Ferry waits for the lock gates"
    assert server.asked(other) == []


def test_exclusions_of_the_catalogue_hold_for_front_pages(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory
) -> None:
    server.scripts |= {"/": answer(200, f"<!doctype html><main>{ENGLISH}</main>".encode())}
    ruled = replace(entry("front_page", FRONT), links=LinkRules(exclude=("/2026/", r"\.html$")))

    assert collect(open_source(ruled, fetcher=fetcher, memory=memory), memory) == []


@pytest.mark.parametrize("body", [b"<rss><channel/></rss>", b"{}", b"\x89PNG\r\n", b"plain words"])
def test_what_is_no_page_is_a_dead_letter(
    server: ScriptedServer, fetcher: PoliteFetcher, memory: InMemory, body: bytes
) -> None:
    server.scripts["/"] = answer(200, body)

    (visit,) = collect(open_source(entry("front_page", FRONT), fetcher=fetcher, memory=memory), memory)

    assert isinstance(visit.result, Rejected)
    assert visit.result.payload == body


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ferry-lock-gates", 3),
        ("ferry_lock_gates.html", 3),
        ("DGXZQOUB148MY0U5A110C2000000", 0),
        ("مكتبة-متنقلة-على", 3),
        ("三日月港の灯台", 3),
        ("4-killed-in-2-crashes", 3),
        ("", 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, words: int) -> None:
    assert slug_words(text) == words


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/2026/11/22/a-b-c", "date in the address +3"),
        ("/20261122/k1", "date in the address +3"),
        ("/a-2026-11-22-b", "date in the address +3"),
        ("/2026/11/", "day of a calendar -3"),
        ("/tag/ferries", "/tag/ -4"),
        ("/article/91827364", "number in the address +2"),
        ("/?p=91827364", "number in the query +2"),
        ("/news?page=3", "page of a list -4"),
        ("/story/some-long-slug-here/2", "part of another page -3"),
        ("/", "home page -9"),
        ("/x.pdf", "not a page -9"),
        ("/sport", "one short word -3"),
    ],
)
def test_an_address_speaks_for_or_against_an_article(path: str, reason: str) -> None:
    assert reason in str(score(Anchor(url=f"http://paper.example{path}", text="One two three")))


@pytest.mark.parametrize("path", ["/199455", "/p203864688-licence", "/1.2026"])
def test_a_number_is_not_taken_for_a_date(path: str) -> None:
    assert "date" not in str(score(Anchor(url=f"http://paper.example{path}")))


def test_every_sample_page_would_be_found_under_its_headline(samples: Samples) -> None:
    pages = [json.loads(path.read_text(encoding="utf-8")) for path in samples("html").glob("*.json")]
    scores = {
        page["url"]: score(
            Anchor(url=page["url"], text="Six words make up this headline", in_heading=True, place=Place.MAIN)
        )
        for page in pages
    }

    assert len(scores) == 25
    assert {url: str(found) for url, found in scores.items() if found.points < ENOUGH} == {}


def test_hardly_anything_but_articles_is_taken_from_sample_pages(samples: Samples) -> None:
    taken: list[str] = []
    for path in samples("html").glob("*.html.gz"):
        url = json.loads(path.with_name(path.name.replace(".html.gz", ".json")).read_text(encoding="utf-8"))[
            "url"
        ]
        at = entry("front_page", url)
        origin = Origin(source=at.ref, publisher=at.publisher, run_id="r")
        page = replace(fetched("", url), body=gzip.decompress(path.read_bytes()), charset=None)
        taken += [link.url for link in FrontPageReader(LinkRules()).read(origin, page).links]
    folders = [url for url in taken if OTHER_FOLDERS & set(url.lower().split("/")[3:-1])]

    assert 200 < len(taken) < 500
    assert len(folders) < len(taken) * 0.05, folders
