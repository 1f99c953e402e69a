"""Whatever the bytes are: an article, a decision, or `Unreadable`, and nothing else."""

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion import codec
from ingestion.article import Article, Document, Drop
from ingestion.errors import Unreadable
from ingestion.parse import parse
from ingestion.parse.language import detect

Read = Callable[..., Article]
Make = Callable[..., Document]

PIECES = st.sampled_from(
    [
        b"<p>",
        b"</p>",
        b"<article>",
        b"<figure><figcaption>",
        b"<table><tr><td>",
        b"<h1>Fog comes home at last</h1>",
        b"<!--",
        b"&#x0;",
        b"&#55296;",
        b'<script type="application/ld+json">',
        b'{"@type":"NewsArticle","headline":"\\ud800","image":[{"url":5}],"author":[[{}]]}',
        b"</script>",
        b'<meta charset="utf-7">',
        b'<meta property="og:title" content="',
        b'">',
        b"\x00",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\r\n",
        b"By Wren Tolliver\n",
        b"Comments (99999999999)\n",
        b"Published: 31 February 2024\n",
        b"{",
        b'"title":',
        b'"x",',
        b'"body":["a",{"b":1}]',
        b"}",
        "記事を聴く\n".encode(),
        "التعليقات (٦)\n".encode(),
        b"A sentence that is long enough to be taken for the first paragraph of a story. " * 3,
        b'<time datetime="99999-99-99T99:99">',
        b'<link rel="canonical" href="http://[">',
        b'<html lang="!!">',
        b"<base href='//'>",
    ]
)
NAMES = [
    "title",
    "body",
    "headlines",
    "bodies",
    "value",
    "role",
    "url",
    "published",
    "authors",
    "content",
    "@type",
    "image",
]
BODIES = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(PIECES, st.binary(max_size=8)), max_size=12).map(b"".join),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
        ),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)
KINDS = st.sampled_from(["page", "fragment", "text", "json"])


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=BODIES,
    kind=KINDS,
    charset=st.sampled_from([None, "utf-8", "latin-1", "hex", "nonsense\x00"]),
    hinted=st.booleans(),
)
def test_any_bytes_are_read_decided_upon_or_unreadable(
    make: Make, body: bytes, kind: str, charset: str | None, *, hinted: bool
) -> None:
    hints = (
        {"feed.title": "Fog \ud800", "feed.published": "0000-00-00", "feed.authors": ";;"} if hinted else {}
    )
    try:
        result = parse(make(body, kind, charset=charset, hints=hints, fetched_url="http://orme.example/ü"))
    except Unreadable:
        return

    assert isinstance(result, Drop) or codec.encode(result)


@pytest.mark.parametrize(
    "body", [b"%PDF-1.7 x", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04zip", bytes(range(256)) * 9]
)
@pytest.mark.parametrize("kind", ["page", "fragment", "text", "json"])
def test_binary_data_is_unreadable(make: Make, body: bytes, kind: str) -> None:
    with pytest.raises(Unreadable):
        parse(make(body, kind))


@pytest.mark.parametrize(
    "body", [b"[1, 2]", b"nonsense", b"[" * 100_000, b'{"a":' * 100_000, b'"text"', b"[{},{}]"]
)
def test_json_that_is_not_one_object_is_unreadable(make: Make, body: bytes) -> None:
    with pytest.raises(Unreadable):
        parse(make(body, "json"))


@pytest.mark.parametrize("kind", ["page", "fragment"])
def test_more_elements_than_an_article_can_have_are_unreadable(make: Make, kind: str) -> None:
    with pytest.raises(Unreadable, match="elements"):
        parse(make(b"<b>a</b>" * 250_000, kind))


def test_nesting_without_end_is_survived(make: Make) -> None:
    result = parse(make(b"<title>Fog</title>" + b"<div>" * 100_000 + b"words"))

    assert isinstance(result, Drop)


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        ("Müller grüßt".encode(), {"charset": "utf-8"}),
        ("Müller grüßt".encode("latin-1"), {"charset": "iso-8859-1"}),
        ("\ufeffMüller grüßt".encode("utf-16"), {}),
        ("\ufeffMüller grüßt".encode(), {"charset": "latin-1"}),
        (b'<meta charset="windows-1252">' + "Müller grüßt".encode("cp1252"), {}),
    ],
)
def test_bytes_are_decoded_by_mark_transport_and_meta(
    read: Read, body: bytes, changes: dict[str, str]
) -> None:
    article = read(body, "fragment", hints={"feed.title": "Gruß"}, **changes)

    assert article.body == "Müller grüßt"
    assert article.extraction.warnings == ("no_date",)


def test_broken_bytes_are_replaced_with_a_warning(read: Read) -> None:
    article = read(b"Fog " * 200 + b"\xff home.", "fragment", charset="utf-8", hints={"feed.title": "Fog"})

    assert "\ufffd" in article.body
    assert "charset_replaced" in article.extraction.warnings


def test_nulls_and_lone_surrogates_reach_no_field(read: Read) -> None:
    article = read(b'{"title":"Fog\\u0000 \\ud83d home","body":"A \\udc00 day\\u0007."}', "json")

    assert article.headline == "Fog \ufffd home"
    assert article.body == "A \ufffd day."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The ferry came home with a cargo of fog, and it had to be unloaded by hand.", "en"),
        ("Die Fähre kam mit einer Ladung Nebel nach Hause, die von Hand gelöscht wurde.", "de"),
        ("عادت العبارة إلى الميناء محملة بالضباب الذي اضطر العمال إلى تفريغه بأيديهم", "ar"),
        ("渡し船は霧を積んで港に戻り、手で降ろされた。", "ja"),
    ],
)
def test_a_language_is_told_by_the_text(text: str, code: str) -> None:
    language = detect(text)

    assert language is not None
    assert language.code == code


@pytest.mark.parametrize("text", ["", "Fog came home.", "12345 67890 " * 20, "霧が戻った"])
def test_a_text_too_short_to_tell_has_no_language(text: str) -> None:
    assert detect(text) is None
