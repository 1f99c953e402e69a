from hashlib import sha256

import numpy as np
import pytest

from ingestion.stages.likeness import Grade, Likeness, likeness
from ingestion.stages.sketch import KEYS, MOST_SHINGLES, Sample, Sketch, Sketched, sketches
from tests.unit.stages.words import prose


def sketched(text: str) -> Sketched:
    (made,) = sketches([text])
    assert made
    return made


def exactly(later: list[str], earlier: list[str]) -> tuple[float, float, float]:
    ours, theirs = ({tuple(w[i : i + 5]) for i in range(len(w) - 4)} for w in (later, earlier))
    shared = len(ours & theirs)
    return shared / len(ours | theirs), shared / len(ours), shared / len(theirs)


def test_the_keys_never_change_because_they_rest_in_the_state() -> None:
    text = " ".join(chr(97 + n % 26) + chr(97 + n // 26) for n in range(120))

    assert sketched(text).keys[:3] == (160005982, 1743204138, 2115455593)
    assert sketched(text).keys[-1] == 287251981


def test_a_sketch_never_changes_because_it_rests_in_the_state() -> None:
    words = (chr(97 + n % 26) + chr(97 + n // 26) + (f" {n}" if n % 9 == 0 else "") for n in range(600))
    sketch = sketched(" ".join(words)).sketch

    assert (sketch.shingles.level, len(sketch.shingles.values), len(sketch.places.values)) == (2, 168, 24)
    assert sha256(sketch.to_bytes()).hexdigest().startswith("0cbfa81301cfc878")


def test_short_texts_and_tables_have_no_sketch() -> None:
    table = " ".join(f"{word} {number}" for number, word in enumerate(prose(1, 200).split()))

    assert sketches([prose(1, 43), table, "夜の船が離島へ" * 3, ""]) == [None] * 4
    assert sketches([prose(1, 45)]) != [None]


def test_a_sketch_is_written_and_read_and_stays_small() -> None:
    sketch = sketched(prose(1, 20_000) + " 1 22 333").sketch
    back = Sketch.from_bytes(sketch.to_bytes())

    assert len(sketch.to_bytes()) < 1_500
    for read, written in zip(back, sketch, strict=True):
        assert read.level == written.level
        assert np.array_equal(read.values, written.values)
        assert np.array_equal(read.tails, written.tails)
    assert len(back.places.values) == 3


def test_samples_of_one_level_are_those_of_a_finer_one_cut() -> None:
    values = np.unique(np.random.default_rng(1).integers(0, 2**32, 5_000, dtype=np.uint32))
    tails = (values % 100).astype(np.uint8)
    fine, coarse = Sample.of(values, tails, 2_000), Sample.of(values, tails, 200)
    cut = fine.at(coarse.level)

    assert coarse.level > fine.level
    assert len(coarse.values) <= 200
    assert np.array_equal(cut.values, coarse.values)
    assert np.array_equal(cut.tails, cut.values % 100)


def test_short_texts_are_measured_exactly() -> None:
    earlier = prose(1, 240).split()
    later = [*prose(2, 30).split(), *earlier[20:200]]
    found = likeness(sketched(" ".join(later)).sketch, sketched(" ".join(earlier)).sketch)

    assert len(earlier) < MOST_SHINGLES
    assert found
    assert found[:3] == pytest.approx(exactly(later, earlier))


@pytest.mark.parametrize("seed", range(8))
def test_long_texts_are_measured_within_a_tenth(seed: int) -> None:
    earlier = prose(seed, 3_000).split()
    later = [*prose(seed + 100, 400).split(), *earlier[: 800 + 250 * seed]]
    found = likeness(sketched(" ".join(later)).sketch, sketched(" ".join(earlier)).sketch)

    assert found
    assert found[:3] == pytest.approx(exactly(later, earlier), abs=0.1)


def test_texts_share_keys_as_often_as_they_share_shingles() -> None:
    shared = []
    for seed in range(60):
        words = prose(seed, 400).split()
        other = [*prose(seed + 500, 100).split(), *words[100:]]
        ours, theirs = sketched(" ".join(words)).keys, sketched(" ".join(other)).keys
        shared.append(sum(a == b for a, b in zip(ours, theirs, strict=True)))

    assert sum(shared) / (60 * KEYS) == pytest.approx(296 / (396 + 396 - 296), abs=0.05)
    assert set(sketched(prose(1, 400)).keys).isdisjoint(sketched(prose(2, 400)).keys)


@pytest.mark.parametrize(
    ("measured", "shared", "unbroken", "grade"),
    [
        ((0.95, 0.97, 0.98), 300, 1.0, Grade.COPY),
        ((0.6, 0.7, 0.8), 300, 1.0, Grade.COPY),
        ((0.5, 0.55, 0.85), 300, 1.0, Grade.REWRITE),
        ((0.3, 0.3, 0.98), 300, 1.0, Grade.REWRITE),
        ((0.3, 0.3, 0.98), 20, 1.0, None),
        ((0.25, 0.4, 0.4), 300, 1.0, None),
        ((0.25, 0.4, 0.4), 300, 0.6, Grade.REWRITE),
        ((0.05, 0.05, 1.0), 300, 1.0, None),
        ((0.05, 1.0, 0.05), 300, 1.0, None),
    ],
)
def test_a_copy_resembles_and_a_rewrite_contains(
    measured: tuple[float, float, float], shared: int, unbroken: float, grade: Grade | None
) -> None:
    assert Likeness(*measured, shared=shared, unbroken=unbroken, numbers_agree=1.0).grade == grade


@pytest.mark.parametrize(
    ("resemblance", "unbroken", "are_forms"),
    [(0.3, 0.45, False), (0.3, 0.35, True), (0.55, 0.45, True), (0.8, 0.55, True), (0.8, 0.65, False)],
)
def test_the_more_alike_the_fewer_places_may_differ(
    resemblance: float, unbroken: float, *, are_forms: bool
) -> None:
    alike = Likeness(resemblance, 0.6, 0.6, shared=300, unbroken=unbroken, numbers_agree=1.0)

    assert alike.are_forms == are_forms


def test_a_digest_that_begins_like_a_short_article_is_no_rewrite() -> None:
    quoted = Likeness(0.19, of_later=0.21, of_earlier=0.6, shared=90, unbroken=0.95, numbers_agree=1.0)
    cut = Likeness(0.2, of_later=0.95, of_earlier=0.22, shared=90, unbroken=0.95, numbers_agree=1.0)

    assert quoted.grade is None
    assert cut.grade is Grade.REWRITE


def test_a_form_filled_in_twice_has_other_numbers_in_the_same_places() -> None:
    words = prose(3, 120).split()

    def with_numbers(*numbers: int) -> Sketch:
        filled = [
            part for n, number in enumerate(numbers) for part in (*words[9 * n : 9 * n + 9], str(number))
        ]
        return sketched(" ".join([*filled, *words[9 * len(numbers) :]])).sketch

    monday = with_numbers(12, 31, 456, 7890, 5)

    assert required(with_numbers(14, 29, 433, 7712, 8), monday).numbers_agree == 0
    assert required(with_numbers(14, 29, 433, 7712, 8), monday).are_forms
    assert required(with_numbers(12, 31, 456, 7890, 6), monday).numbers_agree == pytest.approx(0.8)
    assert not required(with_numbers(12, 31, 456, 7890, 6), monday).are_forms


def test_a_footer_with_numbers_of_its_own_says_nothing() -> None:
    words = prose(3, 120)
    ours, theirs = (
        sketched(f"{words} {prose(seed, 6)} 1 {prose(seed, 5)} {seed} 3 4").sketch for seed in (4, 5)
    )

    assert required(ours, theirs).numbers_agree == 1.0


def test_other_words_every_few_words_make_a_form_and_a_passage_cut_out_a_copy() -> None:
    words, others = prose(3, 240).split(), prose(4, 240).split()
    form = [others[n] if n % 12 == 5 else word for n, word in enumerate(words)]
    cut = [*words[:60], *words[120:]]
    original = sketched(" ".join(words)).sketch

    assert required(sketched(" ".join(form)).sketch, original).are_forms
    assert not required(sketched(" ".join(cut)).sketch, original).are_forms
    assert required(sketched(" ".join(cut)).sketch, original).unbroken > 0.9


def test_what_follows_counts_only_where_both_texts_go_on() -> None:
    words = prose(3, 90).split()
    whole, beginning = sketched(" ".join(words)).sketch, sketched(" ".join(words[:50])).sketch

    assert required(beginning, whole).unbroken == 1.0


def required(later: Sketch, earlier: Sketch) -> Likeness:
    found = likeness(later, earlier)
    assert found
    return found
