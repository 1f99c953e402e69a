"""The ends of a body: which lines could be furniture, and what stays when they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.article import Paragraph, ParagraphRole, Publisher
from ingestion.stages.edges import Ends, is_telling, line_hash, lines_at_ends, story_within
from tests.builders import article

FOOTER = "The Orme Weekly is printed on paper made of nettles."
OPENING = "Here is what happened on the coast this week."


def paragraphs(*texts: str, role: ParagraphRole = ParagraphRole.PARAGRAPH) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(role=role, text=text) for text in texts)


def story(blocks: int = 8) -> tuple[Paragraph, ...]:
    return paragraphs(*(f"Sentence {n} tells of the quay and of its wall." for n in range(blocks)))


def hashes(*texts: str) -> set[int]:
    return {line_hash(text) for text in texts}


def test_lines_are_taken_off_both_ends() -> None:
    body = (*paragraphs(OPENING), *story(), *paragraphs("More below", FOOTER))

    assert story_within(body, hashes(OPENING, FOOTER, "More below")) == Ends(1, 9)


def test_a_line_behind_one_that_stays_stays() -> None:
    body = (*story(), *paragraphs(FOOTER, "The wall will be mended by Friday."))

    assert story_within(body, hashes(FOOTER)) == Ends(0, 10)


def test_a_line_within_a_story_is_none_of_its_ends() -> None:
    body = (*story(), *paragraphs(FOOTER), *story())

    assert not hashes(FOOTER) & lines_at_ends(body).keys()
    assert story_within(body, hashes(FOOTER, *(p.text for p in story()))) == Ends(2, 13)


def test_a_line_is_known_however_it_is_set() -> None:
    assert line_hash("Sign up – it's free!") == line_hash("SIGN UP: It’s free")
    assert line_hash("Sign up for 5") != line_hash("Sign up for 6")


@pytest.mark.parametrize(
    "blocks",
    [
        (*story(), *paragraphs(FOOTER, role=ParagraphRole.QUOTE)),
        (*story(), *paragraphs(f"{FOOTER} " * 9)),
        (*paragraphs("Key points", role=ParagraphRole.SUBHEADING), *story()),
    ],
    ids=["a quotation", "a long paragraph", "a heading above a story"],
)
def test_some_blocks_are_never_furniture(blocks: tuple[Paragraph, ...]) -> None:
    everything = hashes(*(paragraph.text for paragraph in blocks))
    ends = story_within(blocks, everything - hashes(*(paragraph.text for paragraph in story())))

    assert ends == Ends(0, len(blocks))


def test_a_heading_over_furniture_goes_with_it() -> None:
    heading = paragraphs("More from us", role=ParagraphRole.SUBHEADING)

    assert story_within((*story(), *heading, *paragraphs(FOOTER)), hashes("More from us", FOOTER)) == Ends(
        0, 8
    )


def test_a_body_of_little_else_is_left_whole() -> None:
    assert story_within(paragraphs("Short.", FOOTER), hashes(FOOTER)) == Ends(0, 2)


def test_a_single_block_is_no_end_of_anything() -> None:
    assert lines_at_ends(paragraphs(FOOTER)) == {}
    assert lines_at_ends(()) == {}


@given(
    st.lists(st.tuples(st.sampled_from(ParagraphRole), st.text(min_size=1, max_size=30)), max_size=12),
    st.sets(st.integers(0, 11)),
)
def test_what_stays_is_one_piece_and_never_less_than_half(
    blocks: list[tuple[ParagraphRole, str]], learned: set[int]
) -> None:
    body = tuple(Paragraph(role=role, text=text) for role, text in blocks)
    furniture = {line_hash(body[number].text) for number in learned if number < len(body)}
    begin, end = story_within(body, furniture)
    gone = (*body[:begin], *body[end:])

    assert 0 <= begin <= end <= len(body)
    assert 2 * sum(len(p.text) for p in body[begin:end]) >= sum(len(p.text) for p in body)
    assert {line_hash(p.text) for p in gone} <= furniture & lines_at_ends(body).keys()


@given(
    st.lists(st.text(min_size=1, max_size=8), max_size=12),
    st.sets(st.integers(0, 11)),
)
def test_the_lines_that_were_taken_off_take_off_the_same_again(texts: list[str], learned: set[int]) -> None:
    body = paragraphs(*texts)
    ends = story_within(body, {line_hash(texts[number]) for number in learned if number < len(texts)})
    gone = {line_hash(p.text) for p in (*body[: ends.begin], *body[ends.end :])}

    assert story_within(body, gone) == ends


def test_background_speaks_of_what_its_story_speaks_of() -> None:
    background = "The harbour board has closed the northern quay three times since the flood of March."
    told = article(
        "Northern quay closes again",
        paragraphs=paragraphs(
            "The northern quay closed on Monday.",
            "Boats were sent to the south, the harbour master said.",
            "It is the fourth time that the board has had to act.",
            background,
        ),
    )

    assert is_telling(background, told)
    assert not is_telling("Sign up here for our newsletter, sent to you every Friday morning.", told)


def test_the_name_of_the_publisher_is_no_story() -> None:
    line = "Subscribe to the Harbour Times, the paper of the Harbour."
    told = article(
        "Harbour frozen for the first time",
        publisher=Publisher(id="harbour-times", name="Harbour Times"),
        paragraphs=paragraphs("The harbour froze at times.", "Ships in the harbour waited.", line),
    )

    assert not is_telling(line, told)
    assert is_telling(line, article("The paper that one subscribes to", paragraphs=told.paragraphs))


@pytest.mark.parametrize(
    ("background", "furniture", "first"),
    [
        (
            "北部埠頭は三月の洪水以来閉鎖されている。",
            "無料会員登録はこちら",
            "今日また閉鎖された北部埠頭で、洪水の恐れがある。",
        ),
        (
            "북부 부두는 삼월 홍수로 폐쇄됐다.",
            "무단 전재 및 재배포 금지",
            "북부 부두가 다시 폐쇄된다고 항만청이 밝혔다.",
        ),
        ("الرصيف الشمالي مغلق منذ فيضان آذار", "اشترك في نشرتنا البريدية", "أغلق الرصيف الشمالي مرة أخرى"),
        ("ท่าเรือเหนือปิดตั้งแต่น้ำท่วมเดือนมีนาคม", "สมัครรับจดหมายข่าวของเรา", "ท่าเรือเหนือปิดอีกครั้งในวันนี้"),
    ],
    ids=["Japanese", "Korean", "Arabic", "Thai"],
)
def test_words_are_compared_in_other_scripts(background: str, furniture: str, first: str) -> None:
    told = article(first, paragraphs=paragraphs(first, first, first, background))

    assert is_telling(background, told)
    assert not is_telling(furniture, told)


def test_short_names_count_where_they_are_written_as_names() -> None:
    line = "The dam at Orme was built by the father of Ada, who still lives there."
    told = article("Water again", paragraphs=paragraphs("It rose.", "Near Orme, and by Ada, it fell.", line))
    plain = article("Water again", paragraphs=paragraphs("It rose.", "Near orme, and by ada, it fell.", line))

    assert is_telling(line, told)
    assert not is_telling(line, plain)
