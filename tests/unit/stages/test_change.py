import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ingestion.article import Article, ChangeKind, Extraction, Paragraph, ParagraphRole, PubStatus, Removed
from ingestion.stages.change import classify
from ingestion.stages.essence import essence, words_of
from ingestion.stages.notices import is_notice
from tests.builders import article

FIRST = (
    "The night boat to the outer islands will run again from Friday.",
    "Tickets cost 12 crowns, and it is -5 °C on deck.",
)


def version(*texts: str, headline: str = "Night boat returns", **changes: object) -> Article:
    paragraphs = tuple(Paragraph(role=ParagraphRole.PARAGRAPH, text=text) for text in texts)
    made = article(headline=headline, paragraphs=paragraphs, body="\n\n".join(texts), version=1)
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("texts", "headline", "kind"),
    [
        (FIRST, "Night boat returns", ChangeKind.UNCHANGED),
        ((FIRST[0].upper(), FIRST[1].replace(",", " –")), "Night Boat Returns", ChangeKind.COSMETIC),
        ((" ".join(FIRST),), "Night boat returns", ChangeKind.COSMETIC),
        (FIRST, "Night boat is back", ChangeKind.HEADLINE),
        ((FIRST[0].replace("Friday", "Saturday"), FIRST[1]), "Night boat returns", ChangeKind.UPDATE),
        ((FIRST[0], FIRST[1].replace("-5", "5")), "Night boat returns", ChangeKind.UPDATE),
        ((FIRST[0], FIRST[1].replace("12", "12.5")), "Night boat returns", ChangeKind.UPDATE),
        ((*FIRST, "Correction: it is Saturday."), "Night boat returns", ChangeKind.CORRECTION),
    ],
)
def test_a_change_has_its_kind(texts: tuple[str, ...], headline: str, kind: ChangeKind) -> None:
    assert classify(version(*FIRST), version(*texts, headline=headline)).kind is kind


def test_words_and_paragraphs_are_counted_and_fields_named() -> None:
    change = classify(version(*FIRST), version(FIRST[0], "Breakfast is served.", authors=("Isaura Penn",)))

    assert (change.words_added, change.words_removed) == (2, 10)
    assert (change.paragraphs_added, change.paragraphs_removed) == (1, 1)
    assert change.fields == ("body", "authors")
    assert change.previous_version == 1


def test_a_notice_that_was_there_before_is_no_correction() -> None:
    corrected = version(*FIRST, "Correction: it is Saturday.")

    assert (
        classify(corrected, version(*FIRST, "Correction: it is Saturday.", "More.")).kind is ChangeKind.UPDATE
    )


def test_a_notice_that_was_taken_out_of_the_body_counts_too() -> None:
    removed = (Removed(text="Correction: it is Saturday.", rule="correction"),)
    after = version(FIRST[0], "Another text.", extraction=Extraction(method="html", removed=removed))

    assert classify(version(*FIRST), after).notices == ("Correction: it is Saturday.",)


@pytest.mark.parametrize("status", [PubStatus.CANCELED, PubStatus.WITHHELD])
def test_a_withdrawal_is_told_once_and_coming_back_is_an_update(status: PubStatus) -> None:
    there, gone = version(*FIRST), version(*FIRST, pub_status=status)

    assert classify(there, gone).kind is ChangeKind.WITHDRAWAL
    assert classify(gone, gone).kind is ChangeKind.UNCHANGED
    assert classify(gone, there).kind is ChangeKind.UPDATE


@pytest.mark.parametrize(
    "text",
    [
        "Correction: An earlier version gave the wrong day.",
        "CORRECTION (Nov. 20): the day was wrong",
        "This article was corrected on 20 November to give the right day.",
        "Korrektur: In einer früheren Fassung stand ein falscher Tag.",
        "Rectificatif : le jour était faux.",
        "Corrección: el día era otro.",
        "訂正：曜日に誤りがありました。",
        "تصحيح: ذكرنا يوما خاطئا.",
    ],
)
def test_notices_are_known_in_many_languages(text: str) -> None:
    assert is_notice(text)


@pytest.mark.parametrize(
    "text", ["Corrections officers went on strike on Friday.", "The correction of the course took a day."]
)
def test_words_that_look_like_one_are_no_notice(text: str) -> None:
    assert not is_notice(text)


@given(st.text())
def test_the_essence_of_an_essence_is_itself(text: str) -> None:
    assert essence(essence(text)) == essence(text)


@given(st.text(), st.text())
def test_texts_of_one_essence_have_the_same_words(first: str, second: str) -> None:
    assert (essence(first) != essence(second)) or words_of(first) == words_of(second)
