from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.search.stems import STEMMED, language_of, stems
from ingestion.search.words import fold, pairs, pieces, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Ferry's 3.5 hours", ["the", "ferry", "s", "3", "5", "hours"]),
        ("Straße Łódź Ærø İstanbul", ["strasse", "lodz", "aero", "istanbul"]),
        ("ＡＢＣ ﬁne snake_case", ["abc", "fine", "snake", "case"]),
        ("الْكِتَابُ المدرســـة أحمد إلى", ["الكتاب", "المدرسه", "احمد", "الي"]),
        ("١٢٣ ۴۵۶", ["123", "456"]),
        ("می\u200cخواهم", ["ميخواهم"]),
        ("東京都、abc京", ["東京", "京都", "abc", "京"]),
        ("ｶﾞｷﾞ がぎ", ["ガギ", "がぎ"]),
        ("한국어", ["한국", "국어"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("soft\u00adhyphen", ["softhyphen"]),
        ("!? 😀", []),
        ("x" * 600, ["x" * 255, "x" * 255, "x" * 90]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@given(st.text())
def test_pieces_lie_in_the_text_in_order_and_agree_with_the_tokens(text: str) -> None:
    found = list(pieces(text))

    assert all(0 <= piece.start < piece.end <= len(text) for piece in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    for piece in found:
        assert piece.folded == fold(text[piece.start : piece.end])


def test_pairs_of_a_single_character_are_itself() -> None:
    assert pairs("東") == ["東"]


@given(st.text(), st.sampled_from(sorted(STEMMED)))
def test_any_text_can_be_stemmed(text: str, language: str) -> None:
    assert all(stems(text, language))


def test_stems_join_the_forms_of_a_word() -> None:
    assert stems("ferries Ferry", "en") == ["ferri", "ferri"]
    assert stems("Haeuser Häuser", "de") == ["haus", "haus"]
    assert stems("والكتاب بالكتاب", "ar")[1] == "كتاب"


@pytest.mark.parametrize(
    ("code", "language"), [("en-GB", "en"), ("nb", "no"), ("DE", "de"), ("ja", None), (None, None)]
)
def test_the_stemmer_of_a_language_code(code: str | None, language: str | None) -> None:
    assert language_of(code) == language
