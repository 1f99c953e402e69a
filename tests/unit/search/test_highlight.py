import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from ingestion.search.highlight import Highlighter
from ingestion.search.query import Mistake, Node
from ingestion.search.syntax import parse

TAG = re.compile(r"</?mark>")


def terms(text: str) -> Node | None:
    query = parse(text)
    assert not isinstance(query, Mistake)
    return query.terms


def passages(asked: str, text: str, language: str | None = "en") -> tuple[str, ...]:
    return Highlighter(terms(asked)).passages(text, language)


def test_the_passage_with_most_of_the_words_is_chosen() -> None:
    filler = "Nothing of note happened here for quite some time, and then some more. " * 6
    text = f"A ferry. {filler} A storm. {filler} The ferry in the storm. {filler}"

    (passage,) = Highlighter(terms("ferry storm")).passages(text, "en", most=1)

    assert "The <mark>ferry</mark> in the <mark>storm</mark>." in passage
    assert passage.startswith("… ")
    assert passage.endswith(" …")


def test_two_passages_come_in_the_order_of_the_text_and_do_not_overlap() -> None:
    filler = "Nothing of note happened here for quite some time, and then some more. " * 6

    found = passages("ferry OR storm", f"One storm. {filler} Two: ferry and storm. {filler} Three storm.")

    assert len(found) == 2
    assert "One" in found[0]
    assert "Two" in found[1]


def test_what_is_excluded_is_not_marked() -> None:
    assert passages("ferry -storm", "The ferry. The storm.") == ("The <mark>ferry</mark>. The storm.",)


def test_a_phrase_is_marked_only_where_it_stands_whole() -> None:
    found = passages('"the ferry service"', "The ferry. The ferry service. A service.")

    assert found == ("The ferry. <mark>The ferry service</mark>. A service.",)


def test_nothing_found_is_nothing_shown() -> None:
    assert passages("boat", "The ferry.") == ()
    assert Highlighter(terms("boat")).whole("The ferry", "en") == ()


def test_a_word_of_many_pieces_is_marked_across_scripts() -> None:
    assert passages("3.5", "It took 3.5 hours.") == ("It took <mark>3.5</mark> hours.",)
    assert passages("iPhoneケース", "新しいiPhoneケースが出た。", None) == (
        "新しい<mark>iPhoneケース</mark>が出た。",
    )


@given(st.text(), st.text(min_size=1, max_size=20))
def test_without_its_marks_a_highlight_is_the_text(text: str, asked: str) -> None:
    query = parse(asked)

    if not isinstance(query, Mistake):
        for marked in Highlighter(query.terms).whole(text, "en"):
            assert unescape(TAG.sub("", marked)).split() == unescape(text.replace("&", "&amp;")).split()
            assert not re.search(r"[<>\"']", TAG.sub("", marked))
