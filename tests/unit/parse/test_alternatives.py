"""Other headlines are kept where they say something else."""

import pytest

from ingestion.parse.alternatives import alternatives_of
from ingestion.parse.clues import Found

HEADLINE = "Northern quay to shut for six weeks"


def alternatives(*others: str, place: str = "html:h1", abstract: str | None = None) -> list[str]:
    headlines = [Found(HEADLINE, "json-ld:headline"), *(Found(other, place) for other in others)]
    return list(alternatives_of(headlines, abstract))


def test_another_wording_is_kept_wherever_it_stands() -> None:
    assert alternatives("Six weeks without the northern quay") == ["Six weeks without the northern quay"]
    assert alternatives("Engineers find cracks", place="meta:og:title") == ["Engineers find cracks"]


@pytest.mark.parametrize(
    "title",
    [
        f"{HEADLINE} | Coast and country",
        f"{HEADLINE} - Orme Weekly - News for the islands",
        f"Harbour: {HEADLINE}",
        "Northern quay to shut for…",
        "Northern quay to shut",
    ],
)
def test_the_same_with_a_label_or_cut_short_is_not(title: str) -> None:
    assert alternatives(title, place="meta:og:title") == []


def test_headings_of_boxes_and_other_stories_are_not() -> None:
    assert alternatives("Comments (56)", "Plan your summer holiday", "Main menu", "Main menu, lower") == []


@pytest.mark.parametrize("place", ["meta:dc.title", "json-ld:name"])
def test_the_name_of_the_house_is_not(place: str) -> None:
    assert alternatives("The Orme Weekly, orme.example", "Orme", place=place) == []


def test_the_abstract_is_no_headline() -> None:
    deck = "Cracks were found in the wall."

    assert alternatives(deck, place="meta:twitter:title", abstract=deck) == []


def test_no_more_than_five_are_kept() -> None:
    titles = [f"Wording number {number} of the same" for number in "abcdefgh"]

    assert len(alternatives(*titles, place="meta:og:title")) == 5
