"""Documents that never end, eat memory or kill their process: each is cut off, and the rest goes on."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from ingestion.article import Article, Document, DocumentKind, Drop, Outcome, Publisher, SourceRef
from ingestion.errors import Permanent, TooLarge, Unreadable
from ingestion.extraction.confined import Extracted
from ingestion.extraction.inline import InlineExtractor, extract
from ingestion.extraction.limits import ExtractionLimits
from ingestion.extraction.pool import PooledExtractor

TEXT = "The pier opens\n\nThe old pier opens again on Monday, after two years of repairs, the council said."
DOCUMENT = Document(
    document_id="d",
    run_id="r",
    source=SourceRef(id="s", kind="files"),
    publisher=Publisher(id="p"),
    kind=DocumentKind.TEXT,
    locator="a.txt",
    body=TEXT.encode(),
    fetched_at=datetime(2026, 11, 20, tzinfo=UTC),
)
MEGABYTE = 1024 * 1024
LIMITS = ExtractionLimits(processes=2, seconds=2, memory_bytes=200 * MEGABYTE, stuck_seconds=4)


def document(body: str) -> Document:
    return replace(DOCUMENT, body=body.encode(), locator=body[:20])


def act(given: Document) -> Extracted:
    """Stand in for a library that a page drives to its end."""
    match given.body.decode():
        case "for ever":
            while True:
                pass
        case "too much":
            bytearray(400 * MEGABYTE)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
    return extract(given)


Make = Callable[..., PooledExtractor]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[PooledExtractor] = []

    def build(read: Callable[[Document], Extracted] = extract) -> PooledExtractor:
        made.append(PooledExtractor(LIMITS, read))
        return made[-1]

    yield build
    for extractor in made:
        extractor.close()


def test_the_pool_reads_as_this_process_does_and_in_order(make: Make) -> None:
    documents = [document(TEXT.replace("Monday", f"day {number}")) for number in range(20)]
    documents[7] = replace(document("<html></html>"), kind=DocumentKind.PAGE, body=b"\x00\x01\x02\x03" * 50)
    found = make().extract(documents)
    inline = InlineExtractor().extract(documents)

    assert [type(one) for one in found] == [type(one) for one in inline]
    assert [one for one in found if not isinstance(one, Permanent)] == [
        one for one in inline if not isinstance(one, Permanent)
    ]
    assert sum(isinstance(one, Article) for one in found) == 19


@pytest.mark.parametrize(
    ("body", "fault", "said"),
    [
        ("for ever", Unreadable, "longer than 2 s"),
        ("stop", Unreadable, "longer than 2 s"),
        ("too much", TooLarge, "bytes of memory"),
        ("die", Unreadable, "2 processes died"),
    ],
)
def test_a_document_that_is_cut_off_holds_nobody_up(
    make: Make, body: str, fault: type[Permanent], said: str
) -> None:
    extractor = make(act)
    first, bad, last = extractor.extract([document(TEXT), document(body), document(TEXT)])

    assert isinstance(first, Article)
    assert isinstance(last, Article)
    assert isinstance(bad, fault)
    assert said in str(bad)
    assert isinstance(extractor.extract([document(TEXT)])[0], Article), "the pool lives on"


def test_processes_that_are_killed_while_they_wait_are_replaced(make: Make) -> None:
    extractor = make()
    extractor.extract([document(TEXT)] * 20)
    for process in children_of_the_server():
        os.kill(process, signal.SIGKILL)
    found = extractor.extract([document(TEXT)] * 20)

    assert [type(one) for one in found] == [Article] * 20


def test_a_pool_whose_processes_all_hang_is_given_up_for_a_new_one(make: Make) -> None:
    extractor = make()
    extractor.extract([document(TEXT)] * 20)
    hanging = children_of_the_server()
    for process in hanging:
        os.kill(process, signal.SIGSTOP)
    found = extractor.extract([document(TEXT)] * 20)

    assert len(hanging) == LIMITS.processes
    assert [type(one) for one in found] == [Article] * 20
    assert not set(hanging) & set(children_of_the_server())


def test_documents_that_hang_in_every_process_are_refused_one_by_one_and_the_pool_lives(make: Make) -> None:
    extractor = make(act)
    found = extractor.extract([document("for ever")] * 2 * LIMITS.processes)

    assert [type(one) for one in found] == [Unreadable] * len(found)
    assert isinstance(extractor.extract([document(TEXT)])[0], Article)


def children_of_the_server() -> list[int]:
    """List the processes that were forked for this one by the server, which is its child (Linux)."""
    own = [pid for pid, parent in parents().items() if parent == os.getpid()]
    return [pid for pid, parent in parents().items() if parent in own]


def parents() -> dict[int, int]:
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            found[int(stat.parent.name)] = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return found


def hungry(given: Document) -> Extracted:
    """Hold on to what is read, as a heap does; swallow the lack of memory, as libraries do."""
    if given.body == b"much":
        HELD.append(bytearray(100 * MEGABYTE))
    if given.body == b"swallowed":
        with contextlib.suppress(MemoryError):
            while True:
                HELD.append(bytearray(MEGABYTE))
        return Drop(Outcome.DROPPED, "not_an_article")
    return extract(given)


HELD: list[bytearray] = []


def test_a_small_document_does_not_pay_for_a_large_one_before_it(make: Make) -> None:
    extractor = make(hungry)
    bodies = ["much", TEXT] * 4
    found = extractor.extract([document(body) for body in bodies])

    assert [isinstance(one, Article) for one in found[1::2]] == [True] * 4
    assert not any(isinstance(one, TooLarge) for one in found)


def test_a_lack_of_memory_that_a_library_swallows_is_no_decision(make: Make) -> None:
    (found,) = make(hungry).extract([document("swallowed")])

    assert isinstance(found, TooLarge)


def test_a_defect_of_our_own_is_raised_and_not_taken_for_the_documents_fault(make: Make) -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        make(broken).extract([document(TEXT)])


def broken(given: Document) -> Extracted:
    return given.no_such_name  # type: ignore[attr-defined,no-any-return]


SCRIPT = textwrap.dedent(
    """
    import sys, time
    from tests.unit.extraction.test_pool import DOCUMENT
    from ingestion.extraction.limits import ExtractionLimits
    from ingestion.extraction.pool import PooledExtractor

    if __name__ == "__main__":
        extractor = PooledExtractor(ExtractionLimits(processes=2))
        extractor.extract([DOCUMENT] * 20)
        print("ready", flush=True)
        time.sleep(600)
    """
)


def test_the_processes_of_a_killed_worker_end_by_themselves(tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(SCRIPT, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    ) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == b"ready\n"
        assert len(session(owner.pid)) > 2
        owner.kill()
    deadline = time.monotonic() + 60
    while session(owner.pid) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert session(owner.pid) == []


def session(leader: int) -> list[int]:
    """List the living processes of a session (Linux)."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            members.append(int(stat.parent.name))
    return members
