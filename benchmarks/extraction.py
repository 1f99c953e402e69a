"""How quickly pages become articles: ours, trafilatura, newspaper4k and news-please on the same pages.

    python -m venv data/benchmarks/extractors
    data/benchmarks/extractors/bin/pip install -r benchmarks/requirements-extractors.txt
    PYTHONPATH=. python benchmarks/extraction.py FOLDER --peers data/benchmarks/extractors/bin/python

A folder of pages is as `quality.py` has it. Each turn runs every extractor that is installed in a fresh
process, in an order drawn anew, over one half of the pages after the other half has warmed it
(`readers.py`). Processor time tells: the wall's depends on what else the machine does. At the end ours in
a process for each processor.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import NamedTuple

from readers import READERS, document_of, saved_pages

from ingestion.article import Article
from ingestion.extraction.limits import ExtractionLimits
from ingestion.extraction.pool import PooledExtractor, processors

HERE = Path(__file__).parent
MODULES = {"newspaper4k": "newspaper", "news-please": "newsplease"}
"""What an extractor is imported as, where that is not its name."""


class Turn(NamedTuple):
    """One half of the pages, read by one extractor."""

    pages: int
    read: int
    cpu_seconds: float


def installed(python: str, name: str) -> bool:
    """Whether the peers' environment has an extractor."""
    module = MODULES.get(name, name.partition("-")[0])
    asked = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", asked], check=False).returncode == 0  # noqa: S603 - ours


def side_by_side(names: Sequence[str], python: str, folder: Path, rounds: int) -> dict[str, list[Turn]]:
    """Read both halves of the pages with each extractor, in a new order each time."""
    order = random.Random(1)  # noqa: S311 - an order, no secret
    turns: dict[str, list[Turn]] = defaultdict(list)
    for turn in range(2 * rounds):
        for name in order.sample(names, len(names)):
            turns[name].append(once(name, python, folder, part=turn % 2))
            print(json.dumps({"extractor": name, **turns[name][-1]._asdict()}), flush=True)
    return {name: turns[name] for name in names}


def once(name: str, python: str, folder: Path, *, part: int) -> Turn:
    """Run one extractor over one half."""
    command = [
        sys.executable if name == "ours" else python,
        str(HERE / "readers.py"),
        *(name, str(folder), "--part", str(part)),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    return Turn(**json.loads(done.stdout.splitlines()[-1]))


def table(turns: dict[str, list[Turn]]) -> str:
    """Write what each took, as a Markdown table; a round is both halves."""
    lines = [
        "| extractor | pages read | pages per CPU-second: median (least to most of the rounds) |",
        "|---|---|---|",
    ]
    for name, of_one in turns.items():
        rounds = list(zip(of_one[::2], of_one[1::2], strict=True))
        rates = [(a.pages + b.pages) / (a.cpu_seconds + b.cpu_seconds) for a, b in rounds]
        read = f"{rounds[0][0].read + rounds[0][1].read} of {rounds[0][0].pages + rounds[0][1].pages}"
        lines.append(f"| {name} | {read} | {median(rates):.1f} ({min(rates):.1f} to {max(rates):.1f}) |")
    return "\n".join(lines)


def with_all_processors(folder: Path, seconds: float) -> str:
    """Read the pages again and again in as many processes as there are processors."""
    documents = [document_of(page) for page in saved_pages(folder)]
    batch = documents * max(1, 200 // len(documents))
    with closing(PooledExtractor(ExtractionLimits(processes=processors()))) as extractor:
        extractor.warm()
        extractor.extract(documents)
        begun, read = time.monotonic(), 0
        while time.monotonic() < begun + seconds:
            read += sum(isinstance(found, Article) for found in extractor.extract(batch))
        rate = read / (time.monotonic() - begun)
    return f"ours in {processors()} processes: {rate:.1f} articles a second of wall time"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--peers", default=sys.executable, help="Python of the peers' environment")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20, help="how long all processors read")
    asked = parser.parse_args()
    names = [name for name in READERS if name == "ours" or installed(asked.peers, name)]
    for name in READERS.keys() - set(names):
        print(f"{name} is not installed in {asked.peers}: left out", file=sys.stderr)
    print(table(side_by_side(names, asked.peers, asked.folder, asked.rounds)))
    print(with_all_processors(asked.folder, asked.seconds))


if __name__ == "__main__":
    main()
