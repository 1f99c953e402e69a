import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.stages.shingles import BASE, CHUNK_CHARACTERS, LONGEST_CHARACTERS, Shingles, shingles
from tests.unit.stages.words import prose

TEXTS = st.text(st.sampled_from("ab 1é’'.ünиل港事シ하\n\u0301\U0001f600\U00020000\ud800"), max_size=60)


def one(text: str) -> Shingles:
    (read,) = shingles([text])
    return read


def plainly(text: str) -> tuple[list[int], list[int], bool, float]:
    read = one(text)
    return read.shingles.tolist(), read.places.tolist(), read.are_of_characters, read.numbers_share


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The night boat will sail again.", [2735859710, 2819974542]),
        ("Die Nachtfähre fährt ab Montag.", [384532362]),
        ("Ночной паром снова выходит в море.", [3060624536, 3123938109]),
        ("يعود المركب الليلي إلى الجزر البعيدة", [208578385, 2381254353]),
        ("夜の船が離島へ再び出", [1353289281, 1702024680, 3802038414]),
        ("밤 배가 다시 섬으로 떠난다", [2763633317]),
        ("เรือกลางคืน", [2202196967, 4094886790]),
    ],
)
def test_the_numbers_never_change_because_they_rest_in_the_state(text: str, expected: list[int]) -> None:
    assert one(text).shingles.tolist() == expected


def reference(words: list[str]) -> list[int]:
    """The arithmetic of the module's docstring, a number at a time."""

    def finished(value: int) -> int:
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        value = (value ^ value >> 27) * 0x94D049BB133111EB % 2**64
        return value ^ value >> 31

    hashes = [finished(sum(ord(c) * BASE**n for n, c in enumerate(word)) % 2**64) for word in words]
    runs = [hashes[n : n + 5] for n in range(len(words) - 4)]
    return sorted(
        {finished(sum(h * BASE ** (4 - n) for n, h in enumerate(run)) % 2**64) >> 32 for run in runs}
    )


@given(st.lists(st.text(st.sampled_from("abcхύ7"), min_size=1, max_size=12), max_size=12))
def test_the_arithmetic_is_the_one_that_is_documented(words: list[str]) -> None:
    read = one(" ".join(words))

    assert read.shingles.tolist() == reference([word.replace("ύ", "υ") for word in words])


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Don't stop the boat now", "DON’T STOP — the boat, now!"),
        ("Straßenbahn fährt über die Brücke", "straßenbahn fahrt uber die brucke"),
        ("في عام ٢٠٢٦ عاد المركب", "في عام 2026 عاد المركب"),
        ("قَالَ المُدير إِنَّ المَركب عَاد", "قال المدير إن المركب عاد"),
        ("１２ 隻の船が港を出たと発表", "12隻の船が 港を出たと 発表"),
        ("a sof\u00adt hyphen hides no word", "a soft hyphen hides no word"),
        ("می\u200cخواهم به دریا بروم امروز", "میخواهم به دریا بروم امروز"),
        ("e\u0301tude de la mer du nord", "étude de la mer du nord"),
    ],
)
def test_what_readers_do_not_see_as_a_difference_makes_none(text: str, same: str) -> None:
    assert len(one(text).shingles) > 0
    assert plainly(text) == plainly(same)


def test_a_place_is_known_by_the_words_before_and_by_no_number() -> None:
    monday, tuesday = one("highest 12 lowest 4 wind 30"), one("highest 14 lowest 2 wind 30")

    assert monday.places.tolist() == tuesday.places.tolist()
    assert (monday.numbers == tuesday.numbers).sum() == 1


def test_a_shingle_is_followed_by_what_comes_next_unless_the_text_ends() -> None:
    words = prose(1, 40).split()
    ours, theirs = one(" ".join(words)), one(" ".join([*words[:30], "other", *words[31:]]))
    tails = dict(zip(ours.shingles.tolist(), ours.tails.tolist(), strict=True))
    others = dict(zip(theirs.shingles.tolist(), theirs.tails.tolist(), strict=True))

    assert sum(tail == 0 for tail in tails.values()) == 10
    # of the 31 shingles that both have, six stand after the change, and ten have it behind them
    assert sum(tails[key] == others[key] > 0 for key in tails.keys() & others.keys()) == 16


def test_five_words_make_a_shingle_and_each_counts_once() -> None:
    assert len(one("one two three four").shingles) == 0
    assert len(one("one two three four five six").shingles) == 2
    assert len(one("one two three four five " * 3).shingles) == 5


@pytest.mark.parametrize("text", ["港の事務所が発表した", "เรือออกจากท่า", "シンブンハツタエル"])
def test_eight_characters_make_one_where_words_have_no_spaces(text: str) -> None:
    read = one(text)

    assert read.are_of_characters
    assert len(read.shingles) >= 2
    assert not one("밤 배가 다시 섬으로 떠난다").are_of_characters


def test_words_with_digits_are_numbers_and_stand_in_places() -> None:
    read = one("Arsenal 2 Chelsea 1 Everton 2 Leeds 0 A4")

    assert len(read.places) == 4
    assert read.numbers_share == pytest.approx(5 / 9)


@given(st.lists(TEXTS, max_size=6))
def test_a_text_reads_the_same_alone_and_among_others(texts: list[str]) -> None:
    together = shingles(texts)

    for text, read in zip(texts, together, strict=True):
        alone = one(text)
        assert np.array_equal(read.shingles, alone.shingles)
        assert np.array_equal(read.tails, alone.tails)
        assert np.array_equal(read.places, alone.places)
        assert np.array_equal(read.numbers, alone.numbers)
        assert read[4:] == alone[4:]


def test_texts_of_any_length_are_read_and_only_so_much_of_them() -> None:
    long = "words and words of a very long text " * (2 * LONGEST_CHARACTERS // 30)
    texts = ["", "short", "a b c d e " * CHUNK_CHARACTERS, long, "one two three four five"]
    read = shingles(texts)

    assert [len(text.shingles) for text in read][:2] == [0, 0]
    assert len(read[4].shingles) == 1
    assert plainly(long) == plainly(long[:LONGEST_CHARACTERS])
