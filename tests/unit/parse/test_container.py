import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from ingestion.parse.container import container_of
from ingestion.parse.marks import is_marked
from ingestion.parse.outline import outline

LONG = [
    f"The {nth} keeper of the light wrote down the weather every evening, in a hand so small that the next "
    "one had to buy a glass to read it, and then wrote smaller still."
    for nth in ("first", "second", "third", "fourth", "fifth", "sixth")
]
OTHERS = [
    "The market will move to the old fish hall in the spring, when the new roof is paid for and dry.",
    "A swan has closed the towpath for the third week, and the council has no plan for the swan at all.",
]


def told(body: str, *headlines: str) -> list[str]:
    tree = html.fromstring(f"<html><body>{body}</body></html>")
    return [paragraph.text for paragraph in container_of(tree, headlines).paragraphs]


def story(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


@pytest.mark.parametrize(
    "around",
    [
        "<div class=sidebar>{}</div>",
        "<div id=side>{}</div>",
        "<aside>{}</aside>",
        "<section class='c-article__related-links'>{}</section>",
        "<div class=newsletterBox>{}</div>",
        "<div id=comments>{}</div>",
    ],
)
def test_what_is_named_for_something_else_is_no_part_of_the_story(around: str) -> None:
    page = f"<div class=page><div class=main>{story(*LONG)}{around.format(story(*OTHERS))}</div></div>"

    assert told(page) == LONG


def test_a_name_says_nothing_about_what_holds_most_of_the_page() -> None:
    assert told(f"<div class=has-sidebar><div class=sidebar>{story(*LONG)}</div></div>") == LONG


def test_a_story_in_pieces_that_look_alike_is_whole() -> None:
    pieces = "".join(f"<div class=block><p>{text}</p></div>" for text in LONG)

    assert told(f"<main>{pieces}</main>") == LONG


def test_of_a_page_that_goes_on_with_other_stories_the_one_with_the_headline_is_read() -> None:
    first = f"<article><h1>Light</h1>{story(*LONG[:2])}</article>"
    second = f"<article><h1>Dark</h1>{story(*LONG[2:])}</article>"

    assert told(f"<main>{first}{second}</main>", "Light") == LONG[:2]


def test_lines_parted_by_breaks_alone_are_paragraphs() -> None:
    assert told(f"<div>{'<br><br>'.join(LONG)}</div>") == LONG


def test_links_among_the_paragraphs_are_left_out() -> None:
    link = "<p><a href=/x>A swan has closed the towpath for the third week</a></p>"

    assert told(f"<div>{story(*LONG[:3])}{link}{story(*LONG[3:])}</div>") == LONG


@pytest.mark.parametrize(
    ("element", "marked"),
    [
        ("<div id=subscription-content>", False),
        ("<div class=subscription-box>", True),
        ("<section class=main_left_side>", False),
        ("<div class=left-side>", True),
        ("<div class='l-content sidebar-grid__content'>x</div>", False),
        ("<p class=paywall>x</p>", False),
        ("<div class='is-hidden'>x</div>", True),
        ("<div class='story-share-buttons'>x</div>", True),
        ("<div class='share-buttons'>x</div>", True),
        ("<nav>x</nav>", True),
        ("<div data-testid='most-read'>x</div>", True),
    ],
)
def test_a_name_counts_by_its_end(element: str, marked: object) -> None:
    assert is_marked(html.fromstring(element)) is marked


@given(st.text(alphabet="<>/ab p div table tr td li ul br . é", max_size=200))
def test_an_outline_holds_each_piece_of_text_once(source: str) -> None:
    tree = html.fromstring(f"<html><body><div>{source}</div></body></html>")
    words = "".join("".join(map(str, tree.itertext())).split())
    found = "".join("".join(block.text.split()) for block in outline(tree)).replace("|", "")

    assert len(found) <= len(words.replace("|", ""))
