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


def test_short_texts_and_tables_have_no_sketch() -> None:
    table = " ".join(f"{word} {number}" for number, word in enumerate(prose(1, 200).split()))

    assert sketches([prose(1, 43), table, "夜の船が離島へ" * 3, ""]) == [None] * 4
    assert sketches([prose(1, 45)]) != [None]


def test_a_sketch_is_written_and_read_and_stays_small() -> None:
    sketch = sketched(prose(1, 20_000) + " 1 22 333").sketch
    back = Sketch.from_bytes(sketch.to_bytes())

    assert len(sketch.to_bytes()) < 1_200
    assert (back.shingles.level, back.numbers.level) == (sketch.shingles.level, sketch.numbers.level)
    assert np.array_equal(back.shingles.values, sketch.shingles.values)
    assert np.array_equal(back.numbers.values, sketch.numbers.values)


def test_samples_of_one_level_are_those_of_a_finer_one_cut() -> None:
    values = np.unique(np.random.default_rng(1).integers(0, 2**32, 5_000, dtype=np.uint32))
    fine, coarse = Sample.of(values, 2_000), Sample.of(values, 200)

    assert coarse.level > fine.level
    assert len(coarse.values) <= 200
    assert np.array_equal(fine.at(coarse.level), coarse.values)


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
    ("measured", "grade"),
    [
        ((0.95, 0.97, 0.98), Grade.COPY),
        ((0.6, 0.7, 0.8), Grade.COPY),
        ((0.5, 0.55, 0.85), Grade.REWRITE),
        ((0.3, 0.3, 0.98), Grade.REWRITE),
        ((0.25, 0.4, 0.4), None),
        ((0.05, 0.05, 1.0), None),
        ((0.05, 1.0, 0.05), None),
    ],
)
def test_a_copy_resembles_and_a_rewrite_contains(
    measured: tuple[float, float, float], grade: Grade | None
) -> None:
    assert Likeness(*measured, numbers_agree=True).grade == grade


def test_a_form_filled_in_twice_has_other_numbers() -> None:
    words = prose(3, 120)
    monday = sketched(f"{words} 12 31 456 7890 5 degrees").sketch
    tuesday = sketched(f"{words} 14 29 433 7712 8 degrees").sketch
    copied = sketched(f"{words} 12 31 456 7890 6 degrees").sketch

    assert not required(tuesday, monday).numbers_agree
    assert required(copied, monday).numbers_agree
    assert required(sketched(f"{words} 99").sketch, monday).numbers_agree


def required(later: Sketch, earlier: Sketch) -> Likeness:
    found = likeness(later, earlier)
    assert found
    return found
