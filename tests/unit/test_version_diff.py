"""Two versions side by side: nothing of either is lost, whatever the script, and a person can read it."""

from io import StringIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from ingestion.article import Article, ChangeKind, Paragraph, ParagraphRole, PubStatus
from ingestion.stages.change import classify
from ingestion.version_diff import Mark, VersionDiff, compared
from ingestion.version_report import print_diff
from tests.builders import article

TEXTS = (
    "The night boat to the outer islands will run again from Friday, the harbour board said.",
    "It had been laid up since March, when an inspector found rust in the hull of the Marigold.",
    "Tickets cost 12 crowns, and children travel for nothing.",
)
paragraphs = st.lists(st.text(alphabet="ab 夜.\n", min_size=1, max_size=12), max_size=5)


def version(number: int, headline: str, *texts: str, **changes: object) -> Article:
    told = tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in texts)
    made = article(headline=headline, body="\n\n".join(texts), paragraphs=told, version=number)
    return replace(made, **changes)


def diff(*versions: Article) -> VersionDiff:
    """Compare the first of an article's versions with the last."""
    told = [versions[0]]
    for before, after in pairwise(versions):
        told.append(replace(after, change=classify(before, after)))
    return compared(told[0], told[-1], told)


def printed(found: VersionDiff, *, width: int = 100, terminal: bool = False) -> str:
    shown = StringIO()
    print_diff(Console(file=shown, width=width, force_terminal=terminal, color_system=None), found)
    return shown.getvalue()


@given(paragraphs, paragraphs)
def test_both_versions_can_be_put_together_again(before: list[str], after: list[str]) -> None:
    found = diff(version(1, "One", *before), version(2, "Two", *after))
    olds = ["".join(piece.text for piece in block.before) for block in found.blocks if block.before]
    news = ["".join(piece.text for piece in block.after) for block in found.blocks if block.after]

    assert (olds, news) == (before, after)


def test_what_was_edited_is_marked_word_by_word() -> None:
    found = diff(
        version(1, "Boat", *TEXTS),
        version(2, "Boat", TEXTS[0].replace("Friday", "Saturday"), TEXTS[1], "Bye."),
    )

    assert [block.mark for block in found.blocks] == [Mark.EDITED, Mark.SAME, Mark.REMOVED, Mark.ADDED]
    assert [piece.text for piece in found.blocks[0].before if piece.mark is Mark.REMOVED] == [" Friday"]
    assert [piece.text for piece in found.blocks[0].after if piece.mark is Mark.ADDED] == [" Saturday"]


def test_where_words_are_not_parted_characters_are_compared() -> None:
    found = diff(version(1, "船", "夜の船は金曜日から走る。"), version(2, "船", "夜の船は土曜日から走る。"))

    assert [piece.text for piece in found.blocks[0].after if piece.mark is Mark.ADDED] == ["土"]


def test_other_fields_that_changed_are_shown_in_words() -> None:
    found = diff(
        version(1, "Boat", *TEXTS, authors=("Mia Lund",)),
        version(2, "Boat back", *TEXTS, authors=("Mia Lund", "Isaura Penn"), section="Sea"),
    )

    assert found.change.kind is ChangeKind.HEADLINE
    assert [(one.name, one.before, one.after) for one in found.fields] == [
        ("authors", "Mia Lund", "Mia Lund; Isaura Penn"),
        ("section", "", "Sea"),
    ]


def test_the_change_is_between_the_two_and_the_history_is_of_all() -> None:
    corrected = version(2, "Boat", TEXTS[0], "Correction: it is Saturday.")
    gone = replace(corrected, version=3, pub_status=PubStatus.CANCELED)
    back = replace(corrected, version=4)
    text = printed(diff(version(1, "Boat", *TEXTS), corrected, gone, back))

    assert "from version 1 to 4: correction of body" in text
    assert "version 2, 2026-11-20 12:00 UTC: correction of body\n" in text
    assert "version 3, 2026-11-20 12:00 UTC: withdrawal (canceled)\n" in text
    assert "version 4, 2026-11-20 12:00 UTC: update after a withdrawal\n" in text
    assert "notice: Correction: it is Saturday." in text


@pytest.mark.parametrize(
    ("width", "terminal", "aside"), [(100, True, True), (50, True, False), (100, False, False)]
)
def test_a_wide_terminal_has_them_side_by_side_and_else_they_come_line_by_line(
    width: int,
    terminal: bool,  # noqa: FBT001 - a row of the table above
    aside: bool,  # noqa: FBT001
) -> None:
    found = diff(version(1, "Boat [sails]", *TEXTS), version(2, "Boat [sank]", *TEXTS))
    text = printed(found, width=width, terminal=terminal)

    assert ("│" in text) is aside
    assert ("+ Boat [{+sank+}]" in text) is not aside
    assert "… 3 paragraphs unchanged" in text


def test_a_withdrawal_shows_what_is_said_of_it() -> None:
    there = version(1, "Boat", *TEXTS)
    text = printed(diff(there, replace(there, version=2, pub_status=PubStatus.WITHHELD)))

    assert "- pub_status: usable\n+ pub_status: withheld\n" in text
    assert "words" not in text
