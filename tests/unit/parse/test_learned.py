from collections import Counter
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from ingestion.article import Article, Document, Paragraph, ParagraphRole
from ingestion.parse import parse, read
from ingestion.parse.learned import FEWEST_PAGES, furniture_in, line_hash, without_learned

FOOTER = "The Orme Weekly is printed on paper made of nettles."


def paragraphs(*texts: str) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in texts)


def story(number: int) -> tuple[Paragraph, ...]:
    return paragraphs(
        *(f"Story {number}, sentence {n}, about the quay and its wall." for n in range(6)), FOOTER
    )


def test_a_line_below_many_stories_is_learned_and_removed() -> None:
    pages = [without_learned(story(number), ()) for number in range(FEWEST_PAGES)]
    counts = Counter(line for page in pages for line in page.seen)
    result = without_learned(story(99), furniture_in(counts, len(pages)))

    assert result.paragraphs == story(99)[:-1]
    assert [(entry.rule, entry.text) for entry in result.removed] == [("learned", FOOTER)]


def test_a_line_of_few_pages_or_of_a_small_share_is_no_furniture() -> None:
    assert furniture_in({1: FEWEST_PAGES - 1}, 10) == frozenset()
    assert furniture_in({1: FEWEST_PAGES}, 1000) == frozenset()
    assert furniture_in({1: FEWEST_PAGES}, 100) == frozenset({1})


def test_what_was_seen_does_not_depend_on_what_was_learned() -> None:
    assert without_learned(story(1), {line_hash(FOOTER)}).seen == without_learned(story(1), ()).seen


def test_a_learned_line_within_a_story_stays() -> None:
    body = (*story(1), *story(2)[:5])

    assert without_learned(body, {line_hash(FOOTER)}).paragraphs == body


def test_a_body_of_little_else_is_left_whole() -> None:
    body = paragraphs("Short.", FOOTER)

    assert without_learned(body, {line_hash(FOOTER)}).paragraphs == body


def test_parse_takes_what_was_learned_and_tells_what_it_saw(make: Callable[..., Document]) -> None:
    lines = [f"Story of the quay, sentence {n}, and of the wall that moved in the night." for n in range(9)]
    document = make("Quay closes\n\n" + "\n\n".join([*lines, FOOTER]), "text")
    plain, reading = read(document)
    clean = parse(document, frozenset({line_hash(FOOTER)}))

    assert isinstance(plain, Article)
    assert isinstance(clean, Article)
    assert plain.body.removesuffix(FOOTER).strip() == clean.body
    assert reading is not None
    assert line_hash(FOOTER) in reading.edges


@given(st.lists(st.text(min_size=1, max_size=30), max_size=12), st.sets(st.integers(0, 11)))
def test_each_line_is_kept_or_told(texts: list[str], learned: set[int]) -> None:
    body = paragraphs(*texts)
    furniture = {line_hash(texts[number]) for number in learned if number < len(texts)}
    result = without_learned(body, furniture)

    assert len(result.paragraphs) + len(result.removed) == len(body)
    assert not result.paragraphs or set(result.paragraphs) <= set(body)
