"""Files of many articles, one to a line or row: streamed, and nothing in them lost."""

import csv
import gzip
import io
import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from ingestion.article import (
    Article,
    Document,
    Drop,
    Language,
    Moment,
    Precision,
    Publisher,
    Rejected,
    SourceRef,
    TimezoneBasis,
)
from ingestion.parse import parse
from ingestion.source_ports import Visit
from ingestion.sources.catalogue import Entry
from ingestion.sources.contents import Result
from ingestion.sources.documents import Origin
from ingestion.sources.file_reader import FileReader
from ingestion.sources.files import FilesSource
from ingestion.sources.files_source import RECORDS_TO_A_BOOKMARK, CatalogueFiles
from ingestion.sources.limits import Limits
from schemas.arrow import table_of as table_of_rows
from tests.builders import article
from tests.unit.sources.conftest import RUN, InMemory, collect

LINE = '{"headline": "Story %d", "body": "Words of it.", "url": "http://paper.example/%d"}'


def read(path: Path, **limits: int) -> list[Result]:
    visits = FilesSource(path, limits=Limits(**limits)).visits(RUN)
    return [visit.result for visit in visits if not isinstance(visit.result, Article)]


def one(folder: Path, name: str, content: bytes, **limits: int) -> list[Result]:
    (folder / name).write_bytes(content)
    return read(folder / name, **limits)


def told(results: list[Result]) -> list[tuple[str, str]]:
    """What became of each record, and where it was."""
    return [(type(r).__name__, "" if isinstance(r, Drop) else r.locator) for r in results]


def bodies(results: list[Result]) -> list[Any]:
    return [json.loads(r.body) for r in results if isinstance(r, Document)]


def table_of(rows: list[dict[str, Any]], **options: Any) -> bytes:
    sink = BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), sink, **options)
    return sink.getvalue()


PACKINGS: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}


@pytest.mark.parametrize("packing", PACKINGS)
def test_lines_are_read_one_by_one_through_any_packing(tmp_path: Path, packing: str) -> None:
    content = "\n".join(
        [LINE % (1, 1), "", "nonsense", LINE % (2, 2), "[1]", '{"headline": "\\ud800"}']
    ).encode()

    found = one(tmp_path, f"a.ndjson{packing}", PACKINGS[packing](content))

    name = f"a.ndjson{packing}"
    assert told(found) == [
        ("Document", f"{name}#1"),
        ("Rejected", f"{name}#3"),
        ("Document", f"{name}#4"),
        ("Rejected", f"{name}#5"),
        ("Document", f"{name}#6"),
    ]
    assert [r.payload for r in found if isinstance(r, Rejected)] == [b"nonsense", b"[1]"]
    assert next(r.body for r in found if isinstance(r, Document)) == (LINE % (1, 1)).encode()


@pytest.mark.parametrize("name", ["large.json", "large.jsonl", "large.csv"])
def test_a_large_file_is_never_held(tmp_path: Path, name: str) -> None:
    long = "Words of it. " * 1000
    row = f"Story,{long}" if name == "large.csv" else json.dumps({"headline": "Story", "body": long})
    (tmp_path / name).write_text("title,text\n" * (name == "large.csv") + f"{row}\n" * 2000)
    tracemalloc.start()

    count = sum(
        isinstance(visit.result, Document)
        for visit in FilesSource(tmp_path / name, limits=Limits(max_bytes=1_000_000)).visits(RUN)
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 2000
    assert peak < 3_000_000
    assert (tmp_path / name).stat().st_size > 25_000_000


def test_a_line_that_is_too_long_is_told_by_its_digest_and_the_others_stay(tmp_path: Path) -> None:
    long = b'{"headline": "' + b"x" * 300_000 + b'"}\n'
    content = (LINE % (1, 1)).encode() + b"\n" + long + (LINE % (3, 3)).encode()

    found = one(tmp_path, "a.ndjson", content, max_bytes=100_000)

    assert told(found) == [("Document", "a.ndjson#1"), ("Rejected", "a.ndjson#2"), ("Document", "a.ndjson#3")]
    assert isinstance(found[1], Rejected)
    assert (found[1].error, found[1].payload_sha256) == ("TooLarge", sha256(long).hexdigest())


def test_a_bomb_of_lines_is_stopped(tmp_path: Path) -> None:
    bomb = gzip.compress(((LINE % (1, 1)) + "\n").encode() * 400_000)

    found = one(tmp_path, "a.ndjson.gz", bomb)

    assert isinstance(found[-1], Rejected)
    assert found[-1].error == "TooLarge"
    assert (found[-1].payload, len(found) < 400_000) == (bomb, True)


def test_a_packed_dump_that_breaks_off_is_read_up_to_there_and_told(tmp_path: Path) -> None:
    packed = gzip.compress(b"\n".join((LINE % (n, n)).encode() for n in range(20_000)))
    half = packed[: len(packed) // 2]

    found = one(tmp_path, "a.jsonl.gz", half)

    assert len(found) > 1000
    assert isinstance(found[-1], Rejected)
    assert "breaks off" in found[-1].message
    assert found[-1].payload == half


HEADER = ("Title", "URL", "Text", "Date Published", "Author")
CELLS = ("A", "http://paper.example/1", "Words, more", "2026-11-02T10:00:00Z", "Mara Quill")
COMMAS = f'{",".join(HEADER)}\nA,http://paper.example/1,"Words, more",2026-11-02T10:00:00Z,Mara Quill'
TABLES = {
    "comma": COMMAS.encode(),
    "byte order mark": b"\xef\xbb\xbf" + COMMAS.encode(),
    "semicolon": "\r\n".join(map(";".join, (HEADER, CELLS))).encode(),
    "tab": "\n".join(map("\t".join, (HEADER, CELLS))).encode(),
    "pipe": "\n".join(map("|".join, (HEADER, CELLS))).encode(),
    "returns alone": COMMAS.replace("\n", "\r").encode(),
    "utf-16": COMMAS.encode("utf-16"),
    "blank lines": COMMAS.replace("\n", "\n\n,,,,\n").encode() + b"\n\n",
    "extra empty cells": COMMAS.encode() + b",,\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_however_it_is_written(tmp_path: Path, name: str) -> None:
    (found,) = one(tmp_path, "a.csv", TABLES[name])

    assert isinstance(found, Document)
    assert json.loads(found.body) == {
        "headline": "A",
        "body": "Words, more",
        "url": "http://paper.example/1",
        "published": "2026-11-02T10:00:00Z",
        "authors": "Mara Quill",
    }
    assert (found.fetched_url, found.publisher.id, found.locator) == (
        "http://paper.example/1",
        "paper.example",
        "a.csv#1",
    )


def test_a_table_in_an_old_charset_is_read(tmp_path: Path) -> None:
    rows = "".join(f"Zürich {n},Grüße aus der Stadt und dem Umland über alle Brücken\n" for n in range(20))

    found = one(tmp_path, "a.csv", f"title,text\n{rows}".encode("latin-1"))

    assert bodies(found)[3]["headline"] == "Zürich 3"
    assert len(found) == 20


def test_a_text_with_line_breaks_and_quotes_is_one_row(tmp_path: Path) -> None:
    content = 'title,text\n"A ""fine"" day","First.\n\nSecond, third."\r\nB,Words\n'

    found = one(tmp_path, "a.csv", content.encode())

    assert [(b["headline"], b["body"]) for b in bodies(found)] == [
        ('A "fine" day', "First.\n\nSecond, third."),
        ("B", "Words"),
    ]
    article = parse(found[0]) if isinstance(found[0], Document) else None
    assert isinstance(article, Article)
    assert [p.text for p in article.paragraphs] == ["First.", "Second, third."]


def test_quotes_behind_backslashes_are_understood(tmp_path: Path) -> None:
    found = one(tmp_path, "a.csv", b'title,text\n"A \\"fine\\" day","Words, words"\n')

    assert bodies(found) == [{"headline": 'A "fine" day', "body": "Words, words"}]


def test_a_row_that_cannot_be_read_is_told_with_its_bytes(tmp_path: Path) -> None:
    bad = [b"C,D,E\n", b'"x"y,z\n', b",\n", b"only\n"]
    content = b"title,text\nA,B\n" + bad[0] + bad[1] + b"F,G\n" + bad[2] + bad[3] + b"H,I\n"

    found = one(tmp_path, "a.csv", content)

    assert [r.payload for r in found if isinstance(r, Rejected)] == [bad[0], bad[1], bad[3]]
    assert [b["headline"] for b in bodies(found)] == ["A", "F", "H"]
    assert [locator for _, locator in told(found)] == [f"a.csv#{n}" for n in range(1, 7)]


def test_a_quote_that_never_closes_costs_no_more_than_the_limit(tmp_path: Path) -> None:
    content = b'title,text\nA,B\nC,"D\n' + b"E,F\n" * 10_000

    found = one(tmp_path, "a.csv", content, max_bytes=10_000)

    kinds = [kind for kind, _ in told(found)]
    assert kinds[:3] == ["Document", "Rejected", "Document"]
    assert (kinds.count("Rejected"), kinds.count("Document") > 7_000) == (1, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n", "a table without a column of headlines, texts or addresses; it has 'a, b'"),
        (b"url,id\nhttp://x.example,2\n", "a table of addresses without texts"),
        (b"title,text\n", "dropped/no_articles"),
        (b" \n", "dropped/empty_file"),
        (b"PK\x03\x04" + bytes(99), "binary data under the name a.csv"),
    ],
)
def test_a_table_of_something_else_is_told_as_a_whole(tmp_path: Path, content: bytes, said: str) -> None:
    (found,) = one(tmp_path, "a.csv", content)

    if isinstance(found, Drop):
        assert found.label == said
    else:
        assert isinstance(found, Rejected)
        assert found.message.startswith(said)
        assert found.payload == content


def test_columns_are_known_by_many_names(tmp_path: Path) -> None:
    header = (
        "ID,Article Title,article_text,Publish-Date,LANG,Publication,authors,tags,category,url,image,Words"
    )
    lists = "\"['Mara Quill', 'Tom Ferris']\",\"['sea', 'ports']\""
    row = f"7,A,Text,2026-11-02,en,The Paper,{lists},World,x,http://i.example/1,9"

    (found,) = one(tmp_path, "a.csv", f"{header}\n{row}\n".encode())

    assert isinstance(found, Document)
    assert json.loads(found.body) == {
        "headline": "A",
        "body": "Text",
        "url": "x",
        "published": "2026-11-02",
        "authors": ["Mara Quill", "Tom Ferris"],
        "language": "en",
        "section": "World",
        "keywords": ["sea", "ports"],
        "image": "http://i.example/1",
        "source": {"name": "The Paper"},
        "columns": {"Words": "9"},
    }
    assert (found.source.item_id, found.fetched_url) == ("7", None)


ROWS = [
    {
        "title": f"Story {n}",
        "maintext": "Words of it.\n\nMore of them.",
        "url": f"http://paper.example/{n}",
        "date_publish": datetime(2026, 11, 2, 10, n % 60, tzinfo=UTC),
        "authors": ["Mara Quill", "Tom Ferris"],
        "words": n,
    }
    for n in range(1, 501)
]


@pytest.mark.parametrize(
    "options", [{}, {"row_group_size": 100}, {"compression": "zstd", "row_group_size": 7}]
)
def test_a_parquet_file_is_read_row_by_row(tmp_path: Path, options: dict[str, Any]) -> None:
    found = one(tmp_path, "a.bin", table_of(ROWS, **options))

    assert told(found) == [("Document", f"a.bin#{n}") for n in range(1, 501)]
    assert isinstance(found[0], Document)
    article = parse(found[0])
    assert isinstance(article, Article)
    assert (article.headline, article.body) == ("Story 1", "Words of it.\n\nMore of them.")
    assert article.authors == ("Mara Quill", "Tom Ferris")
    assert (article.canonical_url, article.publisher.id) == ("http://paper.example/1", "paper.example")
    assert article.published
    assert article.published.at == ROWS[0]["date_publish"]
    assert bodies(found)[0]["columns"] == {"words": 1}


def test_a_parquet_row_that_cannot_be_read_is_told_and_the_others_stay(tmp_path: Path) -> None:
    text = pa.array([b"Good", b"\xff\xfe", b"Fine"], pa.binary()).view(pa.string())
    table = pa.table({"title": text, "text": pa.array(["a", "b", "c"])})
    sink = BytesIO()
    parquet.write_table(table, sink)

    found = one(tmp_path, "a.parquet", sink.getvalue())

    assert [kind for kind, _ in told(found)] == ["Document", "Rejected", "Document"]
    assert isinstance(found[1], Rejected)
    assert found[1].payload
    assert b"\xff\xfe" in found[1].payload


def test_times_beyond_the_calendar_and_finer_than_a_microsecond_are_met(tmp_path: Path) -> None:
    stamps = pa.array([1_793_613_600_123_456_789, 0], pa.timestamp("ns", tz="UTC"))
    far = pa.array([2**62, 0], pa.timestamp("us"))
    table = pa.table({"title": ["A", "B"], "text": ["a", "b"], "date": stamps, "seen": far})
    sink = BytesIO()
    parquet.write_table(table, sink)

    found = one(tmp_path, "a.parquet", sink.getvalue())

    assert [kind for kind, _ in told(found)] == ["Rejected", "Document"]


@pytest.mark.parametrize("cut", [4, 50, 1000, -1])
def test_a_damaged_parquet_file_is_told_with_its_bytes(tmp_path: Path, cut: int) -> None:
    content = table_of(ROWS)[:cut]

    found = one(tmp_path, "a.parquet", content)

    assert isinstance(found[-1], Rejected)
    assert found[-1].message.startswith("a Parquet file that cannot be read: ")
    assert found[-1].payload == content


@settings(max_examples=60, deadline=None)
@given(place=st.integers(4, 3000), change=st.binary(min_size=1, max_size=20))
def test_a_parquet_file_with_any_bytes_changed_raises_nothing(
    tmp_path_factory: pytest.TempPathFactory, place: int, change: bytes
) -> None:
    content = bytearray(table_of(ROWS[:40], row_group_size=10))
    at = place % (len(content) - len(change) - 4) + 4
    content[at : at + len(change)] = change

    found = one(tmp_path_factory.getbasetemp(), "a.parquet", bytes(content))

    assert {type(result) for result in found} <= {Document, Rejected, Drop}
    assert found


PIECES = st.sampled_from(
    [
        b'"',
        b",",
        b"\n",
        b"\r",
        b"\r\n",
        b";",
        b"\t",
        b"a",
        b"title",
        b"text",
        b"\\",
        b"\0",
        b"\xff",
        b"{",
        b"}",
        b":",
        b" ",
    ]
)


@settings(max_examples=300, deadline=None)
@given(pieces=st.lists(PIECES, max_size=60), name=st.sampled_from(["a.csv", "a.ndjson", "a.tsv"]))
def test_any_bytes_under_the_name_of_a_dump_raise_nothing(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], name: str
) -> None:
    begin = b'{"title": 1}\n' if name == "a.ndjson" else b"title,text\n"
    folder = tmp_path_factory.getbasetemp()

    found = [*one(folder, name, begin + b"".join(pieces)), *one(folder, name, b"".join(pieces), max_bytes=20)]

    assert {type(result) for result in found} <= {Document, Rejected, Drop}
    assert found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip),
            st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_every_table_that_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    sink = io.StringIO(newline="")
    csv.writer(sink).writerows([("title", "text"), *rows])

    found = one(tmp_path_factory.getbasetemp(), "a.csv", sink.getvalue().encode())

    assert [(b["headline"], b.get("body", "")) for b in bodies(found)] == [
        (a.strip(), b.strip()) for a, b in rows
    ]


def catalogued(*paths: Path) -> Entry:
    return Entry(ref=SourceRef(id="paper-files", kind="files"), publisher=Publisher(id="paper"), paths=paths)


def opened(memory: InMemory, *paths: Path) -> CatalogueFiles:
    return CatalogueFiles(catalogued(*paths), memory, Limits())


def locators(visits: list[Visit]) -> list[str]:
    return [v.result.locator if isinstance(v.result, Document | Rejected) else str(v.result) for v in visits]


def test_a_file_of_the_catalogue_is_read_once_and_again_when_it_changed(
    tmp_path: Path, memory: InMemory
) -> None:
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / "a.ndjson").write_text(LINE % (1, 1))
    (folder / "b.txt").write_text("Words.")
    (folder / "c.warc").write_bytes(b"")

    first, second = (collect(opened(memory, folder), memory) for _ in range(2))
    (folder / "a.ndjson").write_text(LINE % (1, 1) + "\n" + LINE % (2, 2))
    third = collect(opened(memory, folder), memory)

    assert locators(first)[:2] == ["dump/a.ndjson#1", "dump/b.txt"]
    assert len(first) == 3
    assert second == []
    assert locators(third) == ["dump/a.ndjson#1", "dump/a.ndjson#2"]
    assert {state.failure for state in memory.states} == {None}


WRITERS = {
    "a.ndjson": lambda n: "\n".join(LINE % (i, i) for i in range(1, n + 1)).encode(),
    "a.csv": lambda n: b"title,text\n" + b"".join(b"S %d,Words\n" % i for i in range(1, n + 1)),
    "a.parquet": lambda n: table_of(ROWS[:n], row_group_size=60),
    "a.csv.gz": lambda n: gzip.compress(
        b"title,text\n" + b"".join(b"S %d,Words\n" % i for i in range(1, n + 1))
    ),
}


@pytest.mark.parametrize("acknowledged", [0, 1, 99, 100, 101, 250, 349, 350])
@pytest.mark.parametrize("name", WRITERS)
def test_a_dump_is_gone_on_with_after_a_crash(
    tmp_path: Path, memory: InMemory, name: str, acknowledged: int
) -> None:
    (tmp_path / name).write_bytes(WRITERS[name](350))
    before = list(opened(memory, tmp_path / name).visits(RUN))[:acknowledged]
    memory.keep_bookmarks([visit.bookmark for visit in before if visit.bookmark])

    after = collect(opened(memory, tmp_path / name), memory)

    again = acknowledged % RECORDS_TO_A_BOOKMARK if acknowledged < 350 else 0
    assert len(after) == 350 - acknowledged + again
    assert set(locators(before)) | set(locators(after)) == {f"{name}#{n}" for n in range(1, 351)}
    assert collect(opened(memory, tmp_path / name), memory) == []


def test_paths_may_be_patterns_and_what_is_not_there_is_told_once(tmp_path: Path, memory: InMemory) -> None:
    for name in ("x/1.txt", "x/2.txt", "y/z/3.txt", "x/4.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("Words.")
    paths = (tmp_path / "x" / "*.txt", tmp_path / "**" / "3.*", tmp_path / "gone")

    first, second = (collect(opened(memory, *paths), memory) for _ in range(2))

    assert locators(first) == ["1.txt", "2.txt", "3.txt", "gone"]
    assert isinstance(first[-1].result, Rejected)
    assert [getattr(visit.result, "label", "") for visit in second] == ["unchanged"]
    assert memory.states[-1].failure == "gone: cannot be read: No such file or directory"


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("a.csv#6", b"broken,row\n", "Rejected"),
        ("a.ndjson#2", b"oops", "Rejected"),
        ("a.json#2", b"7", "Rejected"),
        ("a.ndjson#2", b'{"headline": "mended"}', "Document"),
        ("a#2.txt", b"Words", "Document"),
    ],
)
def test_a_record_that_could_not_be_read_is_no_text_when_it_is_replayed(
    name: str, body: bytes, kind: str
) -> None:
    origin = Origin(source=SourceRef(id="s", kind="files"), publisher=Publisher(id="p"), run_id=RUN)

    (found,) = FileReader(origin, Limits()).contents(body, name, datetime.now(UTC), packed=False)

    assert type(found).__name__ == kind


def test_what_we_export_can_be_read_again(tmp_path: Path) -> None:
    moment = Moment(
        at=datetime(2026, 11, 2, 10, 15, tzinfo=UTC),
        precision=Precision.MINUTE,
        timezone_basis=TimezoneBasis.EXPLICIT,
        source="meta",
        raw="2026-11-02T10:15Z",
    )
    exported = article(
        "A bridge falls",
        "It stood for eighty years.\n\nNobody was hurt.",
        article_id="a" * 64,
        canonical_url="http://paper.example/bridge",
        published=moment,
        authors=("Mara Quill",),
        language=Language(code="en", confidence=0.9),
        section="World",
        publisher=Publisher(id="paper", name="The Paper"),
    )
    sink = BytesIO()
    parquet.write_table(
        table_of_rows("article", [msgspec.to_builtins(exported, builtin_types=(datetime,))]), sink
    )

    (found,) = one(tmp_path, "2026-11-02.parquet", sink.getvalue())

    assert isinstance(found, Document)
    assert found.source.item_id == "a" * 64
    again = parse(found)
    assert isinstance(again, Article)
    for field in ("headline", "body", "canonical_url", "authors", "section"):
        assert getattr(again, field) == getattr(exported, field)
    assert again.published
    assert again.published.at == moment.at
