import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEAST_RECALL = 0.95
LEAST_PRECISION = 0.98
"""Floors: they may rise, and never fall."""


@pytest.fixture(scope="module")
def printed() -> str:
    command = [sys.executable, str(ROOT / "benchmarks" / "copies.py")]
    asked = ["--stories", "16", "--articles", "300", "--window", "2000", "--turns", "1"]
    done = subprocess.run(
        [*command, *asked],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def number(printed: str, pattern: str) -> float:
    found = re.search(pattern, printed)
    assert found, printed
    return float(found[1].replace(",", ""))


@pytest.mark.slow
def test_copies_are_found_and_nothing_else(printed: str) -> None:
    assert number(printed, r"recall ([\d.]+) of") >= LEAST_RECALL
    assert number(printed, r"precision ([\d.]+) of") >= LEAST_PRECISION
    assert number(printed, r"of ([\d,]+) copies") > 200
    assert number(printed, r"pairs: recall [\d.]+, precision ([\d.]+)") >= LEAST_PRECISION


@pytest.mark.slow
def test_every_part_is_measured(printed: str) -> None:
    assert number(printed, r"keys: ([\d,]+) articles/s a core") > 0
    assert number(printed, r"placed: ([\d,]+) articles/s") > 0
    assert number(printed, r"one forgotten for each: ([\d,]+) articles/s") > 0
    assert number(printed, r"transform with copies: ([\d,]+) documents/s") > 0
