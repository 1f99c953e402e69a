import pytest
from lxml import html

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse.linked import without_linked_lines

STORY = "The harbour board decided on Tuesday that fares on the ferries stay as they are until spring. " * 4


def read(line: str, role: ParagraphRole = ParagraphRole.PARAGRAPH) -> tuple[list[str], list[str]]:
    tree = html.fromstring(f"<html><body><p>{STORY}</p><p><a href='/x'>{line}</a></p></body></html>")
    paragraphs = (
        Paragraph(role=ParagraphRole.PARAGRAPH, text=STORY.strip()),
        Paragraph(role=role, text=line),
    )
    kept, removed = without_linked_lines(paragraphs, tree)
    return [one.text for one in kept][1:], [one.rule for one in removed]


@pytest.mark.parametrize(
    "line", ["Lock gates keep the ferry waiting for a third week", "閘門の故障で渡し船は三週目も動かず"]
)
def test_a_line_that_is_nothing_but_a_link_to_a_story_is_removed(line: str) -> None:
    assert read(line) == ([], ["link_line"])


@pytest.mark.parametrize("line", ["The Ferry Post", "https://ferry-post.example/a-b-c-d-e", "港湾局"])
def test_a_linked_name_or_address_stays(line: str) -> None:
    assert read(line) == ([line], [])


def test_a_quotation_that_is_linked_stays() -> None:
    line = "We have paid the same since our knees were good"

    assert read(line, ParagraphRole.QUOTE) == ([line], [])


def test_an_article_of_links_keeps_them() -> None:
    lines = [f"The {number} best places to wait for a ferry in the rain" for number in range(5)]
    tree = html.fromstring("".join(f"<p><a href='/x'>{line}</a></p>" for line in lines))
    paragraphs = tuple(Paragraph(role=ParagraphRole.LIST_ITEM, text=line) for line in lines)

    assert without_linked_lines(paragraphs, tree) == (paragraphs, ())
