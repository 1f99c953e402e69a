from lxml import html

from ingestion.article import Paragraph, ParagraphRole
from ingestion.parse.agreement import joined
from ingestion.parse.container import Container, container_of
from ingestion.parse.likeness import likeness

SENTENCES = [
    f"On day {number} the ropewalk of Trevose made {number * 40} yards of rope, and nobody in the town, "
    "which has known it for two hundred years, could say who would ever come to buy so much of it."
    for number in range(1, 11)
]


def page(*parts: str) -> Container:
    return container_of(html.fromstring(f"<html><body>{''.join(parts)}</body></html>"), ["Rope for nobody"])


def story(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def paragraphs(*texts: str) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in texts)


def body(extracted: tuple[Paragraph, ...], container: Container) -> list[str]:
    return [paragraph.text for paragraph in joined(extracted, container).paragraphs]


def test_a_sentence_that_the_extractor_left_out_is_put_back() -> None:
    container = page(f"<div class=text>{story(*SENTENCES)}</div>")

    assert body(paragraphs(*SENTENCES[:3], *SENTENCES[4:]), container) == SENTENCES


def test_a_half_that_the_extractor_lost_is_put_back() -> None:
    container = page(
        f"<div class=part>{story(*SENTENCES[:5])}</div><div class=part>{story(*SENTENCES[5:])}</div>"
    )

    assert body(paragraphs(*SENTENCES[:5]), container) == SENTENCES


def test_a_lump_of_the_whole_page_gives_way_to_the_container() -> None:
    container = page(f"<nav>Home News Sport</nav><div class=text>{story(*SENTENCES)}</div>")
    lump = paragraphs("Home News Sport " + " ".join(SENTENCES))

    assert body(lump, container) == SENTENCES


def test_the_beginnings_of_other_stories_go_although_they_look_like_this_one() -> None:
    other = (
        "The chandlery on the quay has sold the last of its tar, and will not order any more of it this year."
    )
    title = "<div class=h2><a href=/t>Where the tar went</a></div>"
    container = page(
        f"<div class=post><div class=text>{story(*SENTENCES)}</div></div>",
        f"<div class=more>{title}<div class=text>{story(other)}</div></div>",
    )
    result = joined(paragraphs(*SENTENCES, other), container)

    assert [paragraph.text for paragraph in result.paragraphs] == SENTENCES
    assert [(entry.rule, entry.text) for entry in result.removed] == [("outside", other)]


def test_text_that_breaks_alone_part_is_put_back_at_both_ends() -> None:
    container = page(f"<div class=text>{'<br><br>'.join(SENTENCES)}</div>")

    assert body(paragraphs(*SENTENCES[6:9]), container) == SENTENCES


def test_pieces_that_part_a_sentence_become_their_block() -> None:
    whole = f"{SENTENCES[0]} Who had the tar wrote to the clerk, and nobody else."
    container = page(f"<div class=text>{story(whole, *SENTENCES[1:])}</div>")
    pieces = paragraphs(f"{SENTENCES[0]} Who had", "the tar", "wrote to the clerk, and nobody else.")

    assert body((*pieces, *paragraphs(*SENTENCES[1:])), container) == [whole, *SENTENCES[1:]]


def test_lines_in_a_script_without_small_letters_are_no_pieces_of_a_sentence() -> None:
    lines = ["住所：岬町港南2-16-1", "交通：岬線 港駅 徒歩1分", "定休日：水曜日"]
    told = "潮見堂は岬町の港に新しい店を開くと月曜日に発表した。店の灯りは海からも見えるという。"
    container = page(f"<div class=text>{story(told, '<br>'.join(lines), told[::-1])}</div>")

    assert body(paragraphs(told, *lines, told[::-1]), container) == [told, *lines, told[::-1]]


def test_what_stands_in_a_box_set_apart_is_taken_out_and_told() -> None:
    note = "Tamsin Orchard writes about rope, and has done so for longer than most of the rope has lasted."
    container = page(f"<div class=text>{story(*SENTENCES)}</div><div class='author-bio'><p>{note}</p></div>")
    result = joined(paragraphs(*SENTENCES, note), container)

    assert [paragraph.text for paragraph in result.paragraphs] == SENTENCES
    assert [(entry.rule, entry.text) for entry in result.removed] == [("apart", note)]


def test_paragraphs_that_an_extractor_glued_together_come_apart() -> None:
    container = page(f"<div class=text>{'<br><br>'.join(SENTENCES[:4])}</div>")
    glued = paragraphs(SENTENCES[0], " ".join(SENTENCES[1:4]))

    assert body(glued, container) == SENTENCES[:4]


def test_without_running_text_the_extractor_is_followed() -> None:
    assert body(paragraphs("Rope."), page("<p>Rope.</p>")) == ["Rope."]


def test_where_the_extractor_took_a_notice_the_container_has_the_story() -> None:
    notice = "This page keeps small files on your machine, so that it will know you when you come again."
    container = page(
        f"<h1>Rope for nobody</h1><div class=text>{story(*SENTENCES)}</div><div><p>{notice}</p></div>"
    )

    assert body(paragraphs(notice), container) == SENTENCES


def test_a_short_story_is_not_given_up_for_what_readers_wrote_below_it() -> None:
    own = SENTENCES[0], "The last of it was sold on Monday to a man who has a plum tree and wants a swing."
    container = page(
        f"<h1>Rope for nobody</h1><div class=text>{story(*own)}</div>"
        f"<div class=comments>{story(*SENTENCES[1:])}</div>"
    )

    assert body(paragraphs(*own), container) == list(own)


def test_a_short_story_is_not_given_up_for_other_stories_far_below_it() -> None:
    own = SENTENCES[0], "The last of it was sold on Monday to a man who has a plum tree and wants a swing."
    between = "".join(f"<p>Rope and hemp by the yard, lot {number}</p>" for number in range(50))
    container = page(
        f"<h1>Rope for nobody</h1><div class=text>{story(*own)}</div>{between}"
        f"<section>{story(*SENTENCES[1:])}</section>"
    )

    assert body(paragraphs(*own), container) == list(own)


def test_short_lines_in_the_place_of_the_story_belong_to_it() -> None:
    first, last = "Ten days.", "Nobody came"
    container = page(f"<div class=text>{story(first, *SENTENCES, last)}</div>")

    assert body(paragraphs(first, *SENTENCES, last), container) == [first, *SENTENCES, last]


def test_short_lines_below_the_place_of_the_story_are_taken_out() -> None:
    container = page(
        f"<div class=text>{story(*SENTENCES)}</div><div class=foot>{story('Back to rope')}</div>"
    )
    result = joined(paragraphs(*SENTENCES, "Back to rope"), container)

    assert [paragraph.text for paragraph in result.paragraphs] == SENTENCES
    assert [entry.rule for entry in result.removed] == ["outside"]


def test_a_label_with_a_link_leads_elsewhere_and_a_sentence_with_a_link_does_not() -> None:
    label = "Read more: <a href=/hemp>Hemp is dearer than it ever was before</a>"
    sentence = "<a href=/hemp>Hemp is dearer than it ever was before</a>, and nobody in Trevose grows it."
    container = page(f"<div class=text>{story(*SENTENCES[:5], label, sentence, *SENTENCES[5:])}</div>")
    texts = [
        "Read more: Hemp is dearer than it ever was before",
        "Hemp is dearer than it ever was before, and nobody in Trevose grows it.",
    ]

    assert body(paragraphs(*SENTENCES[:5], *texts, *SENTENCES[5:]), container) == [
        *SENTENCES[:5],
        texts[1],
        *SENTENCES[5:],
    ]


def test_a_paragraph_that_lost_some_words_stands_in_the_body_once_and_whole() -> None:
    container = page(f"<div class=text>{story(*SENTENCES)}</div>")
    worn = SENTENCES[3].replace("nobody in the town, ", "")

    assert body(paragraphs(*SENTENCES[:3], worn, *SENTENCES[4:]), container) == SENTENCES


def test_a_paragraph_of_which_the_extractor_has_a_piece_stands_in_the_body_whole() -> None:
    parts = "<br>".join(SENTENCES[:3])
    container = page(f"<div class=text><p>{parts}</p></div>")

    assert body(paragraphs(SENTENCES[1]), container) == [" ".join(SENTENCES[:3])]
    assert body(paragraphs(*SENTENCES[:3]), container) == SENTENCES[:3]


def test_the_beginning_of_a_story_of_two_paragraphs_is_put_back() -> None:
    container = page(f"<div class=text>{story(*SENTENCES[:2])}</div>")

    assert body(paragraphs(SENTENCES[1]), container) == SENTENCES[:2]


def test_likeness_counts_words_and_letters_where_words_are_not_set_apart() -> None:
    assert likeness(paragraphs("one two"), paragraphs("two three")) == 0.5
    assert likeness(paragraphs("北埠頭を閉鎖"), paragraphs("北埠頭を閉鎖")) == 1.0
    assert likeness((), paragraphs("one")) is None
