"""Confidence ranks: a clear case stands above the same case with something wrong in it."""

from collections.abc import Callable

import pytest

from ingestion.article import Article

Read = Callable[..., Article]

SENTENCES = [
    f"In its {year}th winter the glasshouse at Ansty was heated by the breath of {year * 3} goats, which the "
    "gardeners had borrowed from the next valley in exchange for a promise of early cucumbers."
    for year in range(4, 20)
]
OTHERS = [
    f"The council of Marl met for the {number}th time to decide on the colour of a bench, and parted again "
    "without a colour, although the paint had been bought before the members were elected."
    for number in range(4, 20)
]


def paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def page(story: str, head: str = "", *, above: str = "") -> str:
    title = "Goats warm a glasshouse"
    marks = f"<title>{title}</title><meta property='og:type' content='article'>{head}"
    body = f"<h1>{title}</h1>{above}<div class=story>{story}</div>"
    return f"<html lang=en><head>{marks}</head><body>{body}</body></html>"


CLEAR = page(paragraphs(SENTENCES))


def stating(texts: list[str]) -> str:
    body = " ".join(texts)
    block = f'{{"@type":"NewsArticle","headline":"Goats warm a glasshouse","articleBody":"{body}"}}'
    return f'<script type="application/ld+json">{block}</script>'


def confidence(read: Read, source: str) -> float:
    found = read(source).extraction.confidence

    assert found is not None
    return found


@pytest.mark.parametrize(
    "doubtful",
    [
        page(paragraphs(SENTENCES[:3])),
        page("".join(f"<p>Goat {number}</p>" for number in range(60)) + paragraphs(SENTENCES)),
        page(
            "".join(f"<p>{text.replace('goats', '<a href=/goats>goats</a>' * 9)}</p>" for text in SENTENCES)
        ),
        page(paragraphs(SENTENCES), above="<p>Bench and paint, by lot</p>" * 80),
        page(
            "".join(f"<div class=card{number}><p>{text}</p></div>" for number, text in enumerate(SENTENCES))
        ),
        page(paragraphs(SENTENCES[:8]), stating([*SENTENCES[:8], *OTHERS])),
    ],
    ids=["short", "short lines", "links", "far below the headline", "scattered", "states another"],
)
def test_what_speaks_against_a_body_lowers_its_confidence(read: Read, doubtful: str) -> None:
    clear, less = confidence(read, CLEAR), confidence(read, doubtful)

    assert less < clear


def test_a_page_that_states_the_same_body_is_trusted_more_than_one_that_states_another(read: Read) -> None:
    same = confidence(read, page(paragraphs(SENTENCES), stating(SENTENCES)))
    other = confidence(read, page(paragraphs(SENTENCES), stating(OTHERS)))

    assert other < same


def test_a_letter_that_stands_for_a_syllable_counts_for_more(read: Read) -> None:
    kana = page(paragraphs(["温室を暖めるために山羊が借りられ、庭師たちは早いきゅうりを約束した。" * 2] * 6))
    latin = page(
        paragraphs(["Goats were borrowed to warm the house, " + "and so on, " * 2 + "it is said."] * 6)
    )

    assert confidence(read, kana) > confidence(read, latin)
