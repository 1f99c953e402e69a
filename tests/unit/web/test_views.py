"""The body of an article as the page lays it out."""

from ingestion.article import Paragraph, ParagraphRole
from ingestion.web.views import blocks
from tests.builders import article

LINES = tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in ("The deck.", "The story."))


def test_a_deck_that_stands_below_the_headline_is_not_told_again() -> None:
    told = blocks(article(paragraphs=LINES, abstract="The deck."))

    assert [block.texts for block in told] == [("The story.",)]


def test_a_body_that_begins_otherwise_is_whole() -> None:
    told = blocks(article(paragraphs=LINES, abstract="Another deck."))

    assert [block.texts for block in told] == [("The deck.", "The story.")]
