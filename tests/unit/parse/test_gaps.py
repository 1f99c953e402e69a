from lxml import html

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse.gaps import without_gaps

SENTENCES = [
    f"On day {number} the ropewalk of Trevose made {number * 40} yards of rope, and nobody in the town, "
    "which has known it for two hundred years, could say who would ever come to buy so much of it."
    for number in range(1, 11)
]


def tree(*, tail_class: str = "part") -> html.HtmlElement:
    first = "".join(f"<p>{text}</p>" for text in SENTENCES[:5])
    second = "".join(f"<p>{text}</p>" for text in SENTENCES[5:])
    return html.fromstring(
        f'<html><body><div class="chunk"><div class="part">{first}</div></div>'
        f'<div class="chunk"><div class="{tail_class}">{second}</div></div></body></html>'
    )


def paragraphs(*texts: str) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in texts)


def test_a_sentence_between_two_that_were_kept_is_put_back() -> None:
    kept = without_gaps(paragraphs(*SENTENCES[:3], *SENTENCES[4:]), tree())

    assert [paragraph.text for paragraph in kept] == SENTENCES


def test_a_lost_half_is_put_back() -> None:
    kept = without_gaps(paragraphs(*SENTENCES[:5]), tree())

    assert [paragraph.text for paragraph in kept] == SENTENCES


def test_a_lost_half_in_another_kind_of_element_is_another_story() -> None:
    kept = without_gaps(paragraphs(*SENTENCES[:5]), tree(tail_class="teaser"))

    assert [paragraph.text for paragraph in kept] == SENTENCES[:5]


def test_the_last_sentences_are_left_where_the_extractor_left_them() -> None:
    kept = without_gaps(paragraphs(*SENTENCES[:8]), tree())

    assert [paragraph.text for paragraph in kept] == SENTENCES[:8]
