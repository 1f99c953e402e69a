import re
from collections.abc import Sequence

import pytest

from ingestion.parse.gate import Gate, needles_of

PATTERNS = (
    r"(?:tide|moon) tables?\W*",
    r".{0,40}\bbrass (?:bells|lamps)\b.{0,20}",
    r".{0,40}(?:lamp\s?(?:oil|wick)|\(c\) ?\d{4}|kapalıdır).{0,20}",
    r".{2,12}\s?(?:by\s)?\S+@\S+\.\w{2,}",
    r"\d+ (?P<kind>boats|bells)",
)


def matching(line: str) -> Sequence[int]:
    compiled = [re.compile(pattern, re.IGNORECASE) for pattern in PATTERNS]
    return [number for number, pattern in enumerate(compiled) if pattern.fullmatch(line)]


@pytest.mark.parametrize(
    "line",
    [
        "Tide tables:",
        "They sell brass bells on Sundays",
        "THEY SELL BRASS LAMPS",
        "Who has lamp oil left",
        "Printed (C) 1911 by us",
        "DÜKKÂN KAPALIDIR",
        "Wren by wren@quillport.example",
        "12 boats",
        "Nothing of the kind",
    ],
)
def test_the_gate_lets_through_every_pattern_that_matches_a_line(line: str) -> None:
    gate = Gate.of([re.compile(pattern, re.IGNORECASE) for pattern in PATTERNS])

    assert set(matching(line)) <= set(gate.may_match(line))
    assert [number for number in gate.may_match(line) if number in matching(line)] == matching(line)


def test_the_gate_tries_nothing_on_a_line_without_any_of_the_words() -> None:
    gate = Gate.of([re.compile(pattern, re.IGNORECASE) for pattern in PATTERNS])

    assert gate.may_match("The harbour master has been watching it for thirty years.") == []


@pytest.mark.parametrize(
    ("pattern", "needles"),
    [
        (r"tide tables", ()),
        (r".{0,9}\bbrass (?:bells|lamps)s?", ("brass ",)),
        (r".{0,9}\b(?:bells?|lamps)\b.{0,3}", ("bell", "lamps")),
        (r".{0,9}(?:bells)?lamps", ("lamps",)),
        (r".{0,9}(?:bells|\d+)", ()),
        (r".{0,9}bells|lamps", ()),
    ],
)
def test_the_words_a_pattern_needs_are_those_that_stand_in_all_it_matches(
    pattern: str, needles: tuple[str, ...]
) -> None:
    assert needles_of(pattern) == needles
