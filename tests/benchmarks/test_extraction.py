"""The measured readers of pages: what is counted, and that no page is measured that was read before."""

import gzip
import json
from pathlib import Path

import pytest

from benchmarks.readers import READERS, SavedPage, measured, saved_pages

STORY = "<p>The wheel of the old mill turned on Sunday for the first time since the river was moved.</p>" * 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        head = f"<title>Mill {number}</title><meta property=og:type content=article>"
        page = f"{head}<h1>Mill {number}</h1><article>{STORY}</article>"
        (tmp_path / f"{number}.html.gz").write_bytes(gzip.compress(page.encode()))
        known = {"url": f"https://mill.example/news/{number}", "crawl_date": "2026-11-20"}
        (tmp_path / f"{number}.json").write_text(json.dumps(known), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ["ours", "trafilatura"])
def test_a_reader_counts_the_pages_that_it_read(folder: Path, name: str) -> None:
    pages = saved_pages(folder)
    took = measured(READERS[name](), pages[1::2], pages[::2])

    assert (took["pages"], took["read"]) == (2, 2)
    assert took["cpu_seconds"] > 0


def test_only_the_second_half_is_measured_and_a_failure_is_counted(folder: Path) -> None:
    seen: list[str] = []

    def read(page: SavedPage) -> bool:
        seen.append(page.name)
        if page.name == "2":
            raise ValueError(page.name)
        return True

    pages = saved_pages(folder)
    took = measured(read, pages[1::2], pages[::2])

    assert seen == ["1", "3", "0", "2"]
    assert (took["pages"], took["read"]) == (2, 1)
