"""Backfills over a real server, with the embedded log and state: what is read, and what stops it."""

import gzip
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from ingestion import jobs as walk
from ingestion.article import Document, Rejected
from ingestion.backfill import jobs
from ingestion.backfill.bucket import BucketState
from ingestion.backfill.request import Request
from ingestion.codec import decode
from ingestion.errors import ConfigurationError
from ingestion.settings import Settings
from ingestion.telemetry.logs import configure_logs
from ingestion.topics import RAW, REJECTED
from ingestion.wiring import Wiring
from tests.unit.backfill.site import PAGES_A_DAY, Site, serving, settings_for
from tests.unit.sources.test_files import HTML, record

WINTER = Request(sources=("north-sitemap", "south-sitemap"), since=date(2026, 1, 1), until=date(2026, 2, 28))
DAYS = 59


@pytest.fixture(autouse=True)
def _quiet() -> None:
    configure_logs("warning")


@pytest.fixture
def site() -> Iterator[Site]:
    with serving("north", "south") as served:
        yield served


@pytest.fixture
def settings(site: Site, tmp_path: Path) -> Settings:
    return settings_for(tmp_path, site.endpoint, "north", "south")


def documents(settings: Settings) -> list[Document]:
    with Wiring(settings) as wiring:
        return [decode(found.value, Document) for found in wiring.broker.read(RAW)]


def letters(settings: Settings) -> list[Rejected]:
    with Wiring(settings) as wiring:
        return [decode(found.value, Rejected) for found in wiring.broker.read(REJECTED)]


def paths(settings: Settings, source: str = "north-sitemap") -> Counter[str]:
    return Counter(
        (found.fetched_url or "").partition(".example")[2]
        for found in documents(settings)
        if found.source.id == source
    )


def test_every_page_of_the_days_is_read_once_and_the_ledger_balances(site: Site, settings: Settings) -> None:
    backfill_id = jobs.start(settings, WINTER)
    reports = jobs.read_all(settings, backfill_id, at_once=2)

    assert {report.state for report in reports} == {BucketState.DONE}
    for source in WINTER.sources:
        found = paths(settings, source)
        assert set(found.values()) == {1}
        assert len(found) == DAYS * PAGES_A_DAY + 1
        assert min(found) == "/2026/02/11/x"
        assert "/news/20251231-0" not in found
    assert site.asked_paths("north.example").count("/sitemap-2026-03.xml") == 1
    assert {found.run_id for found in documents(settings)} == {backfill_id}
    walk.transform(settings)
    books = walk.account(settings, backfill_id)
    assert books.open_documents == 0
    assert books.documents == 2 * (DAYS * PAGES_A_DAY + 1) + len(letters(settings))
    assert books.reasons["rejected/HttpFailure"] == len(letters(settings))


def test_a_sitemap_that_is_gone_is_told_and_the_others_are_read(settings: Settings) -> None:
    jobs.read_all(settings, jobs.start(settings, WINTER), at_once=1)

    gone = {letter.locator for letter in letters(settings)}
    assert gone == {"http://north.example/sitemap-gone.xml", "http://south.example/sitemap-gone.xml"}


def test_the_live_state_of_a_source_stays_as_it_was(settings: Settings) -> None:
    jobs.read_all(settings, jobs.start(settings, WINTER), at_once=1)

    with Wiring(settings) as wiring:
        assert wiring.source_memory.state("north-sitemap") is None
        assert wiring.source_memory.listing("north-sitemap") is None


def test_entries_without_a_date_are_counted_and_read_when_asked_for(settings: Settings) -> None:
    backfill_id = jobs.start(settings, WINTER)
    jobs.read_all(settings, backfill_id, at_once=1)
    notes = {line.note for line in jobs.show(settings, backfill_id)}

    assert "/about" not in paths(settings)
    assert "north-sitemap: entries without a date, which were not asked for: 1" in notes
    asked = Request(sources=("north-sitemap",), since=WINTER.since, until=WINTER.until, undated=True)
    jobs.read_all(settings, jobs.start(settings, asked), at_once=1)
    assert paths(settings)["/about"] == 1


def test_a_host_that_is_down_fails_its_bucket_and_keeps_no_other_from_being_read(
    site: Site, settings: Settings
) -> None:
    site.down.add("south.example")
    backfill_id = jobs.start(settings, WINTER)

    jobs.read_all(settings, backfill_id, at_once=1)

    states = {line.title.partition(" ")[0]: line.state for line in jobs.show(settings, backfill_id)}
    assert states == {"north.example": BucketState.DONE, "south.example": BucketState.FAILED}
    assert jobs.summary(settings, backfill_id).state is BucketState.FAILED
    site.down.clear()
    assert jobs.read_all(settings, backfill_id, at_once=1)[0].state is BucketState.DONE
    assert set(paths(settings, "south-sitemap").values()) == {1}
    assert jobs.summary(settings, backfill_id).state is BucketState.DONE


def test_a_host_that_goes_down_in_the_middle_costs_no_page(site: Site, settings: Settings) -> None:
    site.seconds_a_page = 0.005
    request = Request(sources=("north-sitemap",), since=WINTER.since, until=WINTER.until)
    backfill_id = jobs.start(settings, request)
    timer = threading.Timer(0.5, site.down.add, ["north.example"])
    timer.start()
    first = jobs.read(settings, backfill_id, 0)
    timer.join()
    site.down.clear()
    jobs.read_all(settings, backfill_id, at_once=1)

    assert first.state in {BucketState.FAILED, BucketState.DONE}
    assert len(paths(settings)) == DAYS * PAGES_A_DAY + 1
    assert [letter.locator for letter in letters(settings) if "sitemap" not in letter.locator] == []


def test_a_paused_backfill_stops_within_seconds_and_goes_on_when_resumed(
    site: Site, settings: Settings
) -> None:
    site.seconds_a_page = 0.02
    backfill_id = jobs.start(settings, WINTER)
    reading = threading.Thread(target=jobs.read_all, args=(settings, backfill_id), kwargs={"at_once": 2})
    reading.start()
    deadline = time.monotonic() + 30
    while not site.asked_paths("north.example")[8:] and time.monotonic() < deadline:
        time.sleep(0.02)

    jobs.pause(settings, backfill_id)
    reading.join(timeout=30)

    assert not reading.is_alive()
    assert jobs.summary(settings, backfill_id).state is BucketState.STOPPED
    before = sum(paths(settings).values())
    assert before < DAYS * PAGES_A_DAY
    assert {r.state for r in jobs.read_all(settings, backfill_id, at_once=1)} == {BucketState.STOPPED}
    assert sum(paths(settings).values()) == before
    jobs.resume(settings, backfill_id)
    site.seconds_a_page = 0
    jobs.read_all(settings, backfill_id, at_once=2)
    assert len(paths(settings)) == DAYS * PAGES_A_DAY + 1
    assert jobs.summary(settings, backfill_id).state is BucketState.DONE


def test_a_cancelled_backfill_is_over(settings: Settings) -> None:
    backfill_id = jobs.start(settings, WINTER)
    jobs.read(settings, backfill_id, 0)

    line = jobs.cancel(settings, backfill_id)

    assert line.buckets == {"cancelled": 3, "done": 1}
    assert jobs.read_all(settings, backfill_id, at_once=1) == []
    assert jobs.read(settings, backfill_id, 1).documents == 0


def read_whole(settings: Settings, backfill_id: str) -> None:
    configure_logs("warning")
    jobs.read_all(settings, backfill_id, at_once=2)


@pytest.mark.parametrize("after_pages", [0, 160])
def test_killed_anywhere_it_goes_on_and_ends_as_if_it_had_not_been(
    after_pages: int, site: Site, settings: Settings
) -> None:
    """What an undisturbed one reads, the first test says."""
    site.seconds_a_page = 0.01
    backfill_id = jobs.start(settings, WINTER)
    process = multiprocessing.get_context("spawn").Process(target=read_whole, args=(settings, backfill_id))
    process.start()
    deadline = time.monotonic() + 60
    while len(site.asked) < 5 + after_pages and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    kept = sum(line.done for line in jobs.show(settings, backfill_id))
    site.asked.clear()
    site.seconds_a_page = 0

    assert jobs.summary(settings, backfill_id).state is not BucketState.DONE
    jobs.read_all(settings, backfill_id, at_once=2)

    for source in WINTER.sources:
        assert len(paths(settings, source)) == DAYS * PAGES_A_DAY + 1
    again = [path for _, path in site.asked if path.startswith(("/news/", "/2026/"))]
    assert len(again) <= 2 * (DAYS * PAGES_A_DAY + 1) - kept
    assert bool(kept) == bool(after_pages)
    walk.transform(settings)
    assert walk.account(settings, backfill_id).open_documents == 0
    assert jobs.summary(settings, backfill_id).state is BucketState.DONE


def archive(path: Path, name: str, count: int) -> str:
    pages = [
        record(f"http://{name}.example/{n}", HTML + str(n).encode(), Content_Type="text/html")
        for n in range(count)
    ]
    (path / f"{name}.warc.gz").write_bytes(b"".join(map(gzip.compress, pages)))
    return str(path / f"{name}.warc.gz")


def test_killed_in_an_archive_it_goes_on_with_the_next_record(settings: Settings, tmp_path: Path) -> None:
    count, batch = 1500, settings.batch_records
    name = archive(tmp_path, "long", count)
    backfill_id = jobs.start(settings, Request(archives=(name,)))
    process = multiprocessing.get_context("spawn").Process(target=read_whole, args=(settings, backfill_id))
    process.start()
    deadline = time.monotonic() + 60
    while not jobs.show(settings, backfill_id)[0].done and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()

    assert jobs.show(settings, backfill_id)[0].done > 0
    jobs.read_all(settings, backfill_id, at_once=1)

    found = Counter(document.locator.rpartition("#")[2] for document in documents(settings))
    assert sorted(map(int, found)) == list(range(1, count + 1))
    assert sum(found.values()) <= count + batch


def test_archives_are_read_and_counted_in_bytes(settings: Settings, tmp_path: Path) -> None:
    names = [archive(tmp_path, name, 7) for name in ("a", "b", "c", "d", "e")]
    backfill_id = jobs.start(settings, Request(archives=(*names, str(tmp_path / "none.warc"))))

    reports = jobs.read_all(settings, backfill_id, at_once=1)

    assert [report.state for report in reports] == [BucketState.DONE] * 2
    assert reports[0].total == sum(Path(name).stat().st_size for name in names[:4])
    assert reports[0].done == reports[0].total
    found = documents(settings)
    assert len(found) == 35
    assert {document.publisher.id for document in found} == {f"{name}.example" for name in "abcde"}
    assert [letter.locator for letter in letters(settings)] == [str(tmp_path / "none.warc")]
    again = jobs.start(settings, Request(archives=tuple(names[:1])))
    assert jobs.read_all(settings, again, at_once=1)[0].documents == 7


def test_an_api_is_read_by_days_beyond_what_one_live_run_takes(site: Site, settings: Settings) -> None:
    request = Request(sources=("north-api",), since=date(2026, 1, 3), until=date(2026, 2, 10))
    backfill_id = jobs.start(settings, request)

    reports = jobs.read_all(settings, backfill_id, at_once=1)

    assert [(report.state, report.documents) for report in reports] == [
        (BucketState.DONE, 29),
        (BucketState.DONE, 10),
    ]
    assert sorted(found.source.item_id or "" for found in documents(settings))[::38] == [
        "2026-01-03",
        "2026-02-10",
    ]
    asked = site.asked_paths("north.example")
    assert asked[0] == "/api?from=2026-01-03&to=2026-01-31&page=1"
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (Request(sources=("nobody",), since=WINTER.since), "no source nobody"),
        (Request(sources=("north-feed",), since=WINTER.since), "has no past"),
        (Request(), "nothing to read"),
    ],
)
def test_a_wrong_request_is_told_before_anything_is_read(
    request_: Request, told: str, settings: Settings
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        jobs.start(settings, request_)
    assert jobs.listed(settings) == []


def test_a_backfill_is_found_by_a_part_of_its_id_that_no_other_has(settings: Settings) -> None:
    first, second = (jobs.start(settings, WINTER) for _ in range(2))

    assert jobs.summary(settings, first[-6:]).backfill_id == first
    assert [line.backfill_id for line in jobs.listed(settings)] == [second, first]
    with pytest.raises(ConfigurationError, match="several backfills have"):
        jobs.summary(settings, "backfill-")
    with pytest.raises(ConfigurationError, match="no backfill has"):
        jobs.summary(settings, "xyz")
