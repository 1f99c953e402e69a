from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ingestion.article import (
    Article,
    Image,
    Moment,
    Paragraph,
    ParagraphRole,
    Precision,
    TimezoneBasis,
)
from ingestion.codec import decode, encode
from ingestion.errors import Invalid
from ingestion.stages import prepare
from ingestion.stages.normalise import normalise, one_line
from tests.builders import NOON, article


def paragraphs(*texts: str) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in texts)


def moment(days_from_noon: float) -> Moment:
    return Moment(
        at=NOON + timedelta(days=days_from_noon),
        precision=Precision.DAY,
        timezone_basis=TimezoneBasis.ASSUMED_UTC,
        source="test",
        raw="raw",
    )


def test_the_body_is_its_paragraphs_without_the_empty_ones() -> None:
    made = normalise(article(paragraphs=paragraphs(" One. ", "\u200b \n", "", "Two\n words.")))

    assert made.body.endswith("Two words.")
    assert "One." in made.body


def test_unicode_is_composed_and_unprintables_are_gone() -> None:
    assert one_line("Cafe\u0301\x00\ufeff \ud800 a\u00a0b") == "Café a b"


def test_the_joiners_that_persian_spells_with_stay() -> None:
    assert one_line("می\u200cخواهم") == "می\u200cخواهم"


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    made = normalise(article(headline=text, paragraphs=paragraphs(text), images=(Image(caption=text),)))

    assert normalise(made) == made


@given(headline=st.text(), body=st.text())
def test_whatever_passes_the_stages_can_be_written_and_read(headline: str, body: str) -> None:
    try:
        made = prepare(article(headline=headline, paragraphs=paragraphs(body)))
    except Invalid:
        assert not one_line(headline) or not one_line(body)
    else:
        assert isinstance(made, Article)
        assert decode(encode(made), Article) == made


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"headline": " "}, "headline"),
        ({"paragraphs": ()}, "body"),
        ({"comment_count": -1}, "comment_count"),
        ({"published": moment(3)}, "published"),
        ({"modified": moment(-20_000)}, "modified"),
        ({"comment_count": 2**40}, "contract"),
        ({"paragraphs": paragraphs("word " * 1_200_000)}, "the log takes up to 11534336"),
    ],
)
def test_what_breaks_the_contract_is_named(changes: dict[str, Any], names: str) -> None:
    with pytest.raises(Invalid, match=names):
        prepare(article(**changes))


def test_the_identity_is_the_address_and_not_the_text() -> None:
    one, other = prepare(article()), prepare(article(headline="Another"))

    assert isinstance(one, Article)
    assert isinstance(other, Article)
    assert one.article_id == other.article_id
    assert one.content_hash != other.content_hash


def test_without_an_address_the_identity_is_the_text() -> None:
    ids = {prepare(replace(article(body), canonical_url=None)).article_id for body in ("a", "b", "a")}  # type: ignore[union-attr]

    assert len(ids) == 2


def test_arabic_headlines_have_identities_of_their_own() -> None:
    made = [prepare(replace(article(text), canonical_url=None)) for text in ("عنوان أول", "عنوان ثان")]

    assert made[0].article_id != made[1].article_id  # type: ignore[union-attr]
