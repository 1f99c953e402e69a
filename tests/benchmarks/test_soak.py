"""The soak in small: it runs, and its books balance."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_short_soak_balances() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "soak.py")]
    done = subprocess.run(
        [*command, "--seconds", "3", "--hosts", "10", "--interval", "0.01", "--latency", "0.01"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    found = {
        name: re.search(rf"^{name} +([\d,]+)", done.stdout, re.MULTILINE) for name in ("entered", "served")
    }
    entered, served = (int(match[1].replace(",", "")) if match else 0 for match in found.values())

    assert done.returncode == 0, done.stderr
    assert served >= entered > 0
