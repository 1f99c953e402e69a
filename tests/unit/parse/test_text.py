from collections.abc import Callable

import pytest

from ingestion.article import Article, Publisher
from ingestion.parse.text_lines import blocks_of
from ingestion.parse.text_rules import classified

Read = Callable[..., Article]

LEDE = (
    "The tide tables of Quillport have been printed a day late since 1911, the harbour board said on Monday, "
    "and nobody has ever missed a boat because of it."
)
NEXT = (
    "The printer blames the moon. The moon, said the harbour master, has been on time as far as he could "
    "tell, and he has been watching it for thirty years."
)
HEADLINE = "Tide tables found to be a day late"


def roles(text: str) -> dict[str, str]:
    return {line.text: line.role for line in classified(blocks_of(text), Publisher(id="p"))}


def scrape(*, head: str = "", middle: str = "", tail: str = "") -> str:
    return f"{HEADLINE}\n{head}\n\n{LEDE}\n\n{middle}\n\n{NEXT}\n\n{tail}\n"


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("▶ Listen to this article", "player_label"),
        ("Pause", "player_label"),
        ("Artikel anhören", "player_label"),
        ("استمع إلى المقال", "player_label"),
        ("記事を聴く", "player_label"),
        ("Text size", "size_control"),
        ("حجم الخط", "size_control"),
        ("文字サイズ", "size_control"),
        ("A+", "size_control"),
        ("Share on Facebook", "share_label"),
        ("Teilen", "share_label"),
        ("ツイート", "share_label"),
        ("Advertisement", "advertisement"),
        ("Anzeige", "advertisement"),
        ("إعلان", "advertisement"),
        ("5 min read", "reading_time"),
        ("Lesezeit: 3 Minuten", "reading_time"),
        ("0:00 / 3:12", "reading_time"),
        ("1.2K shares", "shares"),
        ("Home > World > Tides", "breadcrumb"),
        ("* * *", "separator"),
        ("By Wren Tolliver", "byline"),
        ("بقلم: سلمى الدرعي", "byline"),
        ("Published: 3 May 2024, 10:20", "date"),
        ("Reuters/London", "credit"),
        ("Photo: Lyle Benn", "photo_credit"),
    ],
)
def test_furniture_above_a_story_is_known_by_what_it_is(line: str, role: str) -> None:
    assert roles(scrape(head=line))[line] == role


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("Did you find this story useful?", "rating_prompt"),
        ("War dieser Artikel hilfreich?", "rating_prompt"),
        ("Comments (14)", "comment_count"),
        ("14 Kommentare", "comment_count"),
        ("コメント 3件", "comment_count"),
        ("التعليقات (٦)", "comment_count"),
        ("Sign up to our newsletter", "newsletter"),
        ("© 2024 The Quillport Observer", "legal"),
        ("無断転載を禁じます", "legal"),
        ("Tags: tides, moon", "tags"),
        ("(Reporting by Wren Tolliver; Editing by Lyle Benn)", "reporting_credit"),
        ("ENDS", "end_mark"),
        ("We use cookies to improve your experience.", "cookie"),
        ("Most read", "related_heading"),
        ("Moon denies everything", "trailing_label"),
        ("https://quillport.example/tides", "contact"),
    ],
)
def test_furniture_below_a_story_is_known_by_what_it_is(line: str, role: str) -> None:
    assert roles(scrape(tail=line))[line] == role


@pytest.mark.parametrize(
    "line",
    [
        "Play was stopped by the tide.",
        "Share and share alike, said the pilot.",
        "“Pause,” he said. “Listen.”",
        "Listen to this: nothing.",
        "Advertisements for the tables were a day late as well.",
        "Yes, she said.",
        "The copyright in the moon is unclear.",
        "He signed up for the newsletter of the Moon Society in 1998.",
        "Related disputes have been settled with cake.",
        "By Monday the town had stopped laughing.",
        "We baked cookies for the crew of the late boat.",
        "Comments were not invited.",
    ],
)
def test_a_sentence_that_uses_the_words_of_furniture_stays(line: str) -> None:
    assert roles(scrape(middle=line))[line] == "body"


def test_a_wrapped_line_that_is_one_word_of_furniture_stays_in_its_paragraph(read: Read) -> None:
    text = (
        "Harbour band refuses the last tune\n\n"
        "The band of the harbour watch put down its instruments on Sunday when\n"
        "the conductor, who is also the dentist, turned a page too far and said\n"
        "Play\n"
        "in a voice that several of the musicians had heard before. They left by\n"
        "the fire door. The audience of forty stayed to finish the sandwiches.\n\n"
        "The conductor has apologised to the second trombone, who is his nephew,\n"
        "and to the tuba. A new concert is planned for the first dry Sunday, the\n"
        "harbour watch said, and the sandwiches will be the same as last time.\n"
    )
    body = read(text, "text").body

    assert "said Play" in body


def test_a_line_printed_twice_is_furniture_the_second_time() -> None:
    lines = classified(blocks_of(scrape(head=HEADLINE)), Publisher(id="p"))

    assert [line.role for line in lines[:2]] == ["headline", "repeated"]


def test_a_refrain_stays() -> None:
    lines = classified(
        blocks_of(scrape(middle=f"Nobody sang.\n\n{NEXT[:120]}.\n\nNobody sang.")), Publisher(id="p")
    )

    assert [line.role for line in lines if line.text == "Nobody sang."] == ["body", "body"]


def test_a_short_line_between_paragraphs_is_a_subheading() -> None:
    assert roles(scrape(middle="What the moon says"))["What the moon says"] == "subheading"


def test_a_caption_goes_apart_with_its_credit(read: Read) -> None:
    article = read(scrape(head="The moon over the quay. (Quillport Museum/Handout via REUTERS)"), "text")

    assert [(image.caption, image.credit) for image in article.images] == [
        ("The moon over the quay.", "Quillport Museum/Handout via REUTERS")
    ]
    assert article.credits == ("Reuters",)
    assert article.provenance["credits"].endswith("photo credit")


def test_the_agency_of_a_picture_is_not_credited_where_the_text_names_its_own(read: Read) -> None:
    article = read(scrape(head="The moon. (Photo: AFP)", tail="(Reuters)"), "text")

    assert article.credits == ("Reuters",)


def test_related_stories_go_with_their_heading() -> None:
    found = roles(scrape(tail="Related stories\nMoon denies everything\nPrinter buys a calendar"))

    assert found["Moon denies everything"] == found["Printer buys a calendar"] == "related_list"


def test_readers_comments_are_no_body(read: Read) -> None:
    article = read(scrape(tail=f"Comments (2)\nsailor77\n{NEXT.upper()}\nmoonfan\nIt was not me."), "text")

    assert article.comment_count == 2
    assert article.body == f"{LEDE}\n\n{NEXT}"


def test_a_text_without_a_date_has_none(read: Read) -> None:
    article = read(scrape(), "text")

    assert article.published is None
    assert article.extraction.warnings == ("no_date",)


def test_wrapped_lines_become_paragraphs_with_and_without_empty_lines_between() -> None:
    wrapped = (
        "   The first paragraph goes on until the end of the line where it turns and\n"
        "goes on. It is followed by a second one, and only the indentation of that\n"
        "one tells.\n"
        "   The second paragraph is as long as the first, or nearly so, and it turns\n"
        "at the same place; it is the last one of the two that are in this text.\n"
    )

    assert [block.line for block in blocks_of(wrapped)] == [1, 4]


def test_lines_of_a_list_are_not_joined() -> None:
    assert len(blocks_of("one\ntwo\nthree\nfour\nfive\nsix")) == 6


def test_every_kind_of_line_end_is_one() -> None:
    assert [block.line for block in blocks_of("a\r\nb\rc\u2028d\x0ce")] == [1, 2, 3, 4, 5]
