"""Pages, texts and objects of any shape: an article that its contract takes, a decision, or a dead letter.

`NEWS_FUZZ_EXAMPLES=20000` runs longer than the few hundred of each test.
"""

import json
import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import codec, stages
from ingestion.article import Article, Document, Drop
from ingestion.errors import Invalid, Permanent
from ingestion.parse import parse

Make = Callable[..., Document]
EXAMPLES = int(os.environ.get("NEWS_FUZZ_EXAMPLES", "150"))
FUZZED = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

SENTENCE = "The ferry came home with a cargo of fog, and it had to be unloaded by hand on Monday. "
TAGS = st.sampled_from(
    [
        "p",
        "div",
        "span",
        "a",
        "b",
        "h1",
        "h2",
        "h3",
        "article",
        "section",
        "aside",
        "nav",
        "footer",
        "figure",
        "figcaption",
        "img",
        "table",
        "tr",
        "td",
        "th",
        "ul",
        "ol",
        "li",
        "blockquote",
        "time",
        "br",
        "pre",
        "svg",
        "form",
        "template",
        "noscript",
        "script",
        "style",
        "meta",
        "link",
        "base",
        "title",
        "iframe",
        "math",
    ]
)
NAMES = st.sampled_from(
    [
        "class",
        "id",
        "href",
        "src",
        "lang",
        "content",
        "property",
        "name",
        "itemprop",
        "rel",
        "datetime",
        "hidden",
        "style",
        "type",
        "charset",
        "aria-hidden",
    ]
)
VALUES = st.one_of(
    st.sampled_from(
        [
            *("byline author", "date published", "article:published_time", "og:title", "author", "canonical"),
            *("display:none", "2026-02-30T25:61", "http://[", "//", "application/ld+json", "figure caption"),
            *("datePublished", "utf-16", "robots", "noindex, unavailable_after: 99", "keywords", "True"),
            *("comments", "related-links", "teaser", "lead", "paywall", "wp-caption", "author-bio"),
        ]
    ),
    st.text(max_size=12),
)
WORDS = st.one_of(
    st.sampled_from(
        [
            *(SENTENCE * 3, "By Ada Lovelace", "Read more: The fog", "LONDON (Reuters) - "),
            *("Photo: Ada / Fog", "1445-05-12 هـ", "التعليقات (٦)", "記事を聴く", "２０２６年１１月２０日"),
            *("\u202efog\u202c", "\ud83d\udc69\u200d\U0001f680", "&#x0;", "&#12;", "&#55296;", "&lt;b&gt;"),
            *(
                "<![CDATA[",
                "<!--",
                "-->",
                "\0",
                "\x0b",
                "\x0c",
                "\ufeff",
                "\uffff",
                "\u2028",
                "a\u0301\u0316",
            ),
        ]
    ),
    st.text(max_size=30),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | VALUES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "@id",
                    "@type",
                    "@graph",
                    "headline",
                    "author",
                    "name",
                    "datePublished",
                    "image",
                    "publisher",
                    "articleBody",
                    "keywords",
                    "url",
                    "mainEntityOfPage",
                    "isPartOf",
                    "wordCount",
                    "title",
                    "body",
                    "value",
                    "authors",
                    "published",
                    "canonical_url",
                    "interactionStatistic",
                    "license",
                    "isAccessibleForFree",
                    "hasPart",
                    "cssSelector",
                    "@value",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
GRAPHS = st.lists(
    st.fixed_dictionaries(
        {
            "@id": st.sampled_from(["#a", "#b"]),
            "@type": st.sampled_from(["NewsArticle", "Person", "WebPage", ["NewsArticle", 5]]),
        },
        optional={
            name: st.sampled_from([{"@id": "#a"}, {"@id": "#b"}, [{"@id": "#a"}], "words", 5, None])
            for name in (
                *("headline", "author", "image", "publisher"),
                *("isPartOf", "mainEntity", "license", "hasPart"),
            )
        },
    ),
    max_size=4,
)  # fmt: skip


def _element(parts: tuple[str, list[tuple[str, str]], list[str], bool]) -> str:
    tag, attributes, inner, closed = parts
    marks = "".join(f' {name}="{value}"' for name, value in attributes)
    return f"<{tag}{marks}>{''.join(inner)}" + (f"</{tag}>" if closed else "")


def _linked(value: Any) -> str:
    return f'<script type="application/ld+json">{json.dumps(value)}</script>'


HTML = st.recursive(
    WORDS | (JSON | GRAPHS).map(_linked),
    lambda inner: st.tuples(
        TAGS, st.lists(st.tuples(NAMES, VALUES), max_size=3), st.lists(inner, max_size=5), st.booleans()
    ).map(_element),
    max_leaves=40,
)
PAGES = st.builds(
    lambda title, parts, story: f"{title}{''.join(parts)}{story}",
    st.sampled_from(
        ["", "<title>Fog comes home</title>", "<h1>Fog comes home</h1>", "<html lang=ar dir=rtl>"]
    ),
    st.lists(HTML, max_size=6),
    st.sampled_from(["", f"<article><p>{SENTENCE * 3}</p><p>{SENTENCE}</p><p>{SENTENCE * 2}</p></article>"]),
)
TEXTS = st.lists(WORDS, max_size=12).map("\n".join)
CHARSETS = st.sampled_from(["utf-8", "utf-16", "utf-16-le", "latin-1", "shift_jis", "cp1256", "gb18030"])


def _read(document: Document) -> Article | Drop | Permanent:
    try:
        found = parse(document)
        return stages.prepare(found) if isinstance(found, Article) else found
    except Permanent as fault:
        return fault


def _is_decided(found: Article | Drop | Permanent) -> bool:
    """An article that can be written, a decision, or a fault of the document, and of no field of ours."""
    return bool(codec.encode(found)) if isinstance(found, Article) else not isinstance(found, Invalid)


@FUZZED
@given(page=PAGES, written=CHARSETS, told=st.none() | CHARSETS)
def test_any_page_is_an_article_a_decision_or_a_dead_letter(
    make: Make, page: str, written: str, told: str | None
) -> None:
    document = make(page.encode(written, "replace"), charset=told, fetched_url="http://orme.example/a")

    assert _is_decided(_read(document))


@FUZZED
@given(page=PAGES, cuts=st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=4)), max_size=6))
def test_a_page_with_broken_bytes_is_decided_upon(
    make: Make, page: str, cuts: list[tuple[int, bytes]]
) -> None:
    body = page.encode("utf-8", "replace")
    for place, inserted in cuts:
        body = body[:place] + inserted + body[place + 1 :]

    assert _is_decided(_read(make(body, fetched_url="http://orme.example/a")))


@FUZZED
@given(text=TEXTS, kind=st.sampled_from(["text", "fragment"]), hinted=st.booleans())
def test_any_text_is_decided_upon(make: Make, text: str, kind: str, *, hinted: bool) -> None:
    hints = {"feed.title": "Fog", "feed.published": "99", "feed.authors": ";"} if hinted else {}

    assert _is_decided(_read(make(text.encode("utf-8", "replace"), kind, hints=hints)))


@FUZZED
@given(value=JSON | GRAPHS | st.builds(lambda inner: {"title": "Fog", "body": inner}, JSON))
def test_any_object_is_decided_upon(make: Make, value: Any) -> None:
    assert _is_decided(_read(make(json.dumps(value), "json")))
