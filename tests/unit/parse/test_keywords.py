"""Keywords as a reader would set them."""

import pytest

from ingestion.parse.clues import Clues
from ingestion.parse.keywords import keywords_of


def keywords(*printed: str, site: str = "Orme Weekly") -> list[str]:
    clues = Clues()
    clues.add("site", site, "meta:og:site_name")
    for value in printed:
        clues.add("keyword", value, "meta:article:tag")
    return list(keywords_of(clues))


def test_a_list_is_taken_apart_and_each_word_stands_once() -> None:
    assert keywords("Harbour", "harbour,Ferries,Trevose Bay", "ferries; quay") == [
        "Harbour",
        "Ferries",
        "Trevose Bay",
        "quay",
    ]


def test_a_comma_inside_a_name_stays() -> None:
    assert keywords("Quillport, Trevose") == ["Quillport, Trevose"]


@pytest.mark.parametrize(
    ("printed", "word"),
    [
        ("Category: Public Service", "Public Service"),
        ("NLP Category: Politics", "Politics"),
        ("topic/fisheries", "fisheries"),
        ("#ferries", "ferries"),
        ("AC/DC", "AC/DC"),
        ("C-130", "C-130"),
    ],
)
def test_the_marks_of_a_machine_go_and_the_word_stays(printed: str, word: str) -> None:
    assert keywords(printed) == [word]


@pytest.mark.parametrize(
    "printed",
    [
        *("cce15240-c52a-4887-a61a-cd64701d6596", "9f86d081884c7d659a2f", "4711081", "orme-weekly.example"),
        *("Orme Weekly", "https://orme-weekly.example/tag", "nk:section=news:2"),
    ],
)
def test_numbers_addresses_and_the_name_of_the_site_are_no_keywords(printed: str) -> None:
    assert keywords(printed) == []
