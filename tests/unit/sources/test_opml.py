import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import TooLarge, Unreadable
from ingestion.sources import opml
from ingestion.sources.opml import Outline, read_opml, web_address, write_opml

LIST = """<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body>
<outline text="World"><outline text="Asia &amp; beyond">
<outline type="rss" text="みさき" title="みさき野新報" xmlUrl="http://a.example/rdf" htmlUrl="http://a.example/"/>
</outline><outline text="b" xmlurl="http://b.example/?x=1&amp;y=2" category="/Tech/Law, /Daily,"/></outline>
<outline text="no feed" htmlUrl="http://c.example/"/><outline xmlUrl="http://d.example/"/></body></opml>"""


def test_feeds_are_read_with_their_folders_titles_and_pages() -> None:
    assert read_opml(LIST.encode()) == [
        Outline(
            url="http://a.example/rdf",
            title="みさき野新報",
            site="http://a.example/",
            categories=("World/Asia & beyond",),
        ),
        Outline(url="http://b.example/?x=1&y=2", title="b", categories=("World", "Tech/Law", "Daily")),
        Outline(url="http://d.example/"),
    ]


def test_a_list_that_is_written_is_read_as_it_was() -> None:
    outlines = read_opml(LIST.encode())

    assert read_opml(write_opml(outlines, "Mine")) == outlines


WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/,"), min_size=1, max_size=9
)
TIDY = WORDS.map(lambda text: " ".join(text.split())).filter(bool)


@given(
    st.lists(
        st.builds(
            Outline,
            url=TIDY.map(lambda text: f"http://a.example/{text}"),
            title=TIDY | st.none(),
            site=TIDY | st.none(),
            categories=st.lists(
                st.lists(TIDY, min_size=1, max_size=3).map("/".join), unique=True, max_size=3
            ).map(tuple),
        ),
        max_size=6,
    )
)
def test_any_list_keeps_its_categories_titles_and_pages(outlines: list[Outline]) -> None:
    sound = [
        outline for outline in outlines if "\ufffe" not in repr(outline) and "\uffff" not in repr(outline)
    ]
    found = read_opml(write_opml(sound, "t")) if sound else []

    assert sorted(map(repr, found)) == sorted(map(repr, sound))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not OPML: nothing was found"),
        (b"<!doctype html><p>", "not OPML: an HTML page"),
        (b"<rss><channel/></rss>", "no outline in it"),
        (b"{}", "not OPML: JSON"),
        (b"<x><opml/></x>", "no outline in it"),
    ],
)
def test_what_is_no_list_is_told(body: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_opml(body)


def test_entities_are_not_expanded_and_files_are_not_read() -> None:
    bomb = (
        '<!DOCTYPE o [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    )
    body = f'{bomb}<opml><body><outline text="&b;&f;T" xmlUrl="http://a.example/"/></body></opml>'

    try:
        titles = [outline.title or "" for outline in read_opml(body.encode())]
    except Unreadable:
        titles = []

    assert all(len(title) < 30 for title in titles)


def test_too_many_outlines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opml, "MOST_OUTLINES", 3)

    with pytest.raises(TooLarge):
        read_opml(b"<opml><body>" + b'<outline xmlUrl="http://a.example/"/>' * 4 + b"</body></opml>")


def test_letters_that_xml_cannot_carry_are_replaced() -> None:
    (outline,) = read_opml(write_opml([Outline(url="http://a.example/", title="a\x01b")], "t"))

    assert outline.title == "a\ufffdb"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("https://a.example/rss", "https://a.example/rss"),
        (" HTTP://a.example/ ", "http://a.example/"),
        ("feed://a.example/rss", "http://a.example/rss"),
        ("feed:https://a.example/rss", "https://a.example/rss"),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("http://[", None),
        ("http://a b/", None),
        ("a.example/rss", None),
        ("", None),
    ],
)
def test_an_address_of_a_list_is_one_of_the_web_or_none(written: str, address: str | None) -> None:
    assert web_address(written) == address


def test_a_byte_order_mark_does_not_matter() -> None:
    assert read_opml(b"\xef\xbb\xbf" + LIST.encode()) == read_opml(LIST.encode())
