"""Archives that are read on from where reading stopped, however they are packed and wherever they lie."""

import gzip
import itertools
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.article import Document, Drop, Publisher, Rejected, SourceRef
from ingestion.errors import Unreachable
from ingestion.fetch.archives import OpenArchives
from ingestion.fetch.policy import FetchPolicy
from ingestion.source_ports import Turn, Visit
from ingestion.sources.catalogue import Entry
from ingestion.sources.limits import Limits
from ingestion.sources.warc_source import WarcSource, mark_of
from tests.unit.sources.conftest import RUN, InMemory, collect
from tests.unit.sources.test_files import HTML, RECORDS, record

COUNT = 9


class Unlimited:
    """Hosts that may be asked at any time."""

    def turn(self, host: str, interval_seconds: float) -> Turn:
        del host, interval_seconds
        return Turn(0.0)

    def answered(self, host: str) -> None:
        """Nothing is kept."""

    def refused(self, host: str, retry_after_seconds: float | None) -> None:
        """Nothing is kept."""


def pages(count: int) -> list[bytes]:
    """Records of pages, with requests and images between them as in a real crawl."""
    made = [
        record(f"http://x.example/{n}", HTML + b" " * (n * 40), Content_Type="text/html")
        for n in range(count)
    ]
    return list(itertools.chain.from_iterable((RECORDS[1], page, RECORDS[3]) for page in made))


def two_by_two(records: Sequence[bytes]) -> bytes:
    return b"".join(gzip.compress(b"".join(records[at : at + 2])) for at in range(0, len(records), 2))


def cut_anyhow(records: Sequence[bytes]) -> bytes:
    """Members that begin in the middle of records, as tools that pack blocks make them."""
    whole = b"".join(records)
    return b"".join(gzip.compress(whole[at : at + 777]) for at in range(0, len(whole), 777))


PACKINGS: dict[str, Callable[[Sequence[bytes]], bytes]] = {
    "plain": b"".join,
    "member by record": lambda records: b"".join(map(gzip.compress, records)),
    "one member": lambda records: gzip.compress(b"".join(records)),
    "two records a member": two_by_two,
    "members across records": cut_anyhow,
    "padded": lambda records: b"".join(map(gzip.compress, records)) + bytes(512),
    "zstd frame by record": lambda records: b"".join(map(zstandard.compress, records)),
    "one zstd frame": lambda records: zstandard.compress(b"".join(records)),
}


def archives() -> OpenArchives:
    return OpenArchives(FetchPolicy(user_agent="example-newsbot/1.0"), hosts=Unlimited())


def source(*paths: Path, memory: InMemory) -> WarcSource:
    entry = Entry(
        ref=SourceRef(id="crawl", kind="warc"), publisher=Publisher(id="unknown"), paths=tuple(paths)
    )
    return WarcSource(entry, archives(), memory, Limits(max_bytes=100_000))


def locators(visits: Sequence[Visit]) -> list[str]:
    return [v.result.locator for v in visits if isinstance(v.result, Document | Rejected)]


def read_some(path: Path, memory: InMemory, count: int) -> list[Visit]:
    """Read, and be killed: what was read is acknowledged, nothing is settled."""
    visits = list(itertools.islice(source(path, memory=memory).visits(RUN), count))
    memory.keep_bookmarks([visit.bookmark for visit in visits if visit.bookmark])
    return visits


@pytest.mark.parametrize("packing", PACKINGS)
def test_stopped_behind_any_record_reading_goes_on_with_the_next(packing: str, tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(PACKINGS[packing](pages(COUNT)))
    whole = locators(collect(source(path, memory=InMemory()), InMemory()))
    assert len(whole) == len(set(whole)) == COUNT

    for stop in range(COUNT + 1):
        memory = InMemory()
        before = locators(read_some(path, memory, stop))
        after = locators(collect(source(path, memory=memory), memory))

        assert before + after == whole, f"stopped behind {stop}"


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 9000), min_size=1, max_size=8),
    stops=st.lists(st.integers(0, 4), max_size=5),
    packing=st.sampled_from(sorted(PACKINGS)),
)
def test_however_often_it_is_stopped_every_record_is_read_once(
    sizes: list[int], stops: list[int], packing: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("archive") / "crawl.warc"
    made = [
        record(f"http://x.example/{number}", HTML + b"x" * size, Content_Type="text/html")
        for number, size in enumerate(sizes)
    ]
    path.write_bytes(PACKINGS[packing](made))
    memory = InMemory()

    found = [visit for stop in stops for visit in read_some(path, memory, stop)]
    found += collect(source(path, memory=memory), memory)

    assert [v.result.body for v in found if isinstance(v.result, Document)] == [
        HTML + b"x" * size for size in sizes
    ]


def test_reading_goes_on_at_the_byte_of_the_record_where_members_allow_it(tmp_path: Path) -> None:
    records = pages(COUNT)
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(PACKINGS["member by record"](records))
    memory = InMemory()

    read_some(path, memory, 5)

    (bookmark,) = memory.bookmarks.values()
    place = mark_of(bookmark).place
    assert place.offset_bytes == sum(len(gzip.compress(r)) for r in records[:13])
    assert (place.passed, place.number) == (1, 14)


def test_an_archive_that_was_read_is_not_read_again_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(b"".join(pages(2)))
    memory = InMemory()

    first = collect(source(path, memory=memory), memory)
    again = collect(source(path, memory=memory), memory)
    path.write_bytes(b"".join(pages(3)))
    changed = collect(source(path, memory=memory), memory)

    assert [len(found) for found in (first, again, changed)] == [2, 0, 3]
    assert memory.health == [("crawl", None)] * 3


def test_an_archive_that_changed_while_it_was_half_read_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(b"".join(pages(6)))
    memory = InMemory()
    read_some(path, memory, 4)
    path.write_bytes(b"".join(pages(2)))

    assert len(collect(source(path, memory=memory), memory)) == 2


def test_a_record_of_several_documents_is_read_again_whole(tmp_path: Path) -> None:
    """Its bookmark comes with the last of them."""
    lines = b'{"title": "A", "body": "x"}\n{"title": "B", "body": "x"}\n{"title": "C", "body": "x"}'
    path = tmp_path / "crawl.warc"
    path.write_bytes(record("http://x.example/1", lines, Content_Type="application/json") + RECORDS[0])
    memory = InMemory()

    visits = read_some(path, memory, 2)
    rest = locators(collect(source(path, memory=memory), memory))

    assert [visit.bookmark is None for visit in visits] == [True, True]
    assert [locator.rpartition("#")[2] for locator in rest] == ["1", "2", "3", "2"]


def test_a_damaged_archive_is_told_once_and_counts_as_read(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(PACKINGS["member by record"](pages(3))[:-20])
    memory = InMemory()

    first, again = (collect(source(path, memory=memory), memory) for _ in range(2))

    assert isinstance(first[-1].result, Rejected)
    assert "breaks off" in first[-1].result.message
    assert again == []


def test_a_missing_archive_is_told_once_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(b"".join(pages(2)))
    memory = InMemory()

    first = collect(source(tmp_path / "none.warc", path, memory=memory), memory)
    again = collect(source(tmp_path / "none.warc", path, memory=memory), memory)

    assert [type(visit.result) for visit in first] == [Rejected, Document, Document]
    assert [type(visit.result) for visit in again] == [Drop]
    assert [failure is None for _, failure in memory.health] == [False, False]


def test_a_list_of_archives_stands_for_each_of_them(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = tmp_path / "crawl-data" / name
        folder.mkdir(parents=True)
        (folder / "x.warc").write_bytes(b"".join(pages(2)))
    listing = tmp_path / "warc.paths.gz"
    listing.write_bytes(gzip.compress(b"crawl-data/a/x.warc\ncrawl-data/b/x.warc\n"))
    memory = InMemory()

    found = locators(collect(source(listing, memory=memory), memory))

    assert [Path(locator).parent.name for locator in found] == ["a", "a", "b", "b"]
    assert collect(source(listing, memory=memory), memory) == []


def test_two_readings_with_names_of_their_own_do_not_share_their_positions(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(b"".join(pages(2)))
    memory = InMemory()
    entry = Entry(ref=SourceRef(id="crawl", kind="warc"), publisher=Publisher(id="unknown"), paths=(path,))

    readings = [
        WarcSource(entry, archives(), memory, Limits(), bookmark_prefix=prefix) for prefix in ("", "b1/")
    ]

    assert [len(collect(reading, memory)) for reading in readings] == [2, 2]


def test_an_archive_that_cannot_be_had_now_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    path = tmp_path / "crawl.warc"
    path.write_bytes(b"".join(pages(2)))
    memory = InMemory()
    entry = Entry(
        ref=SourceRef(id="crawl", kind="warc"),
        publisher=Publisher(id="unknown"),
        paths=(path,),
        urls=("http://nowhere.example/crawl.warc",),
    )
    policy = FetchPolicy(user_agent="x", attempts=1, connect_to={"*.example": "127.0.0.1:9"})
    reading = WarcSource(entry, OpenArchives(policy, hosts=Unlimited()), memory, Limits())
    visits: list[Visit] = []

    with pytest.raises(Unreachable, match=r"nowhere\.example"):
        visits.extend(reading.visits(RUN))

    assert len(visits) == 2
    assert memory.states[-1].failure
    assert memory.states[-1].due_at - memory.states[-1].attempted_at >= timedelta(0)
