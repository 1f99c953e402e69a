import gzip
import json
import os
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from fastwarc import WarcRecordType

from ingestion.article import Article, Document, DocumentKind, Drop, Rejected
from ingestion.codec import encode
from ingestion.sources.contents import Result
from ingestion.sources.files import FilesSource
from ingestion.sources.limits import Limits
from ingestion.sources.warc import RESPONSE
from tests.unit.sources.conftest import RUN, Samples

PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)
NESTED = gzip.compress(gzip.compress(b"word", mtime=0), mtime=0)
HTML = "<!DOCTYPE html><html><body>Grüße</body></html>".encode()


def read(root: Path, **limits: int) -> list[Result]:
    visits = FilesSource(root, limits=Limits(**limits)).visits(RUN)
    return [visit.result for visit in visits if not isinstance(visit.result, Article)]


def one(folder: Path, name: str, content: bytes, **limits: int) -> Result:
    (folder / name).write_bytes(content)
    (result,) = read(folder / name, **limits)
    return result


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.html", HTML, DocumentKind.PAGE),
        ("a.txt", HTML, DocumentKind.PAGE),
        ("a.html", b"words without any markup", DocumentKind.PAGE),
        ("a.HTM.gz", gzip.compress(HTML, mtime=0), DocumentKind.PAGE),
        ("a", HTML, DocumentKind.PAGE),
        ("a.xml", b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', DocumentKind.PAGE),
        ("a.txt", "خبر عاجل".encode(), DocumentKind.TEXT),
        ("a.md", b"# Title\n\nText.", DocumentKind.TEXT),
        ("a.txt", "記事".encode("utf-16"), DocumentKind.TEXT),
        ("a.txt", "Zürich".encode("latin-1"), DocumentKind.TEXT),
        ("a.txt", b"[LONDON] A man was seen.", DocumentKind.TEXT),
        ("a.json", b'{"headline": "\\ud800"}', DocumentKind.JSON),
        ("a.txt", b'{"headline": "x"}', DocumentKind.JSON),
    ],
)
def test_the_kind_is_told_by_the_bytes_first(
    tmp_path: Path, name: str, content: bytes, kind: DocumentKind
) -> None:
    found = one(tmp_path, name, content)

    assert isinstance(found, Document)
    assert (found.kind, found.locator, found.fetched_url) == (kind, name, None)


def test_an_html_file_is_kept_byte_for_byte_and_dated_by_its_change(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(HTML)
    os.utime(tmp_path / "a.html", (1_700_000_000, 1_700_000_000))

    (first,), (second,) = read(tmp_path), read(tmp_path)

    assert isinstance(first, Document)
    assert first == second
    assert (first.body, first.fetched_at.timestamp()) == (HTML, 1_700_000_000)
    assert first.publisher.id == "unknown"


@pytest.mark.parametrize(
    ("name", "content", "label"),
    [
        ("a.html", b"", "dropped/empty_file"),
        ("a.txt", b" \n\t ", "dropped/empty_file"),
        ("a.gz", gzip.compress(b"", mtime=0), "dropped/empty_file"),
        ("a.xml", b"<urlset><url><loc>http://x.example/</loc></url></urlset>", "dropped/links_only"),
        ("a.xml", b"<rss><channel/></rss>", "dropped/no_articles"),
        ("a.json", b"[]", "dropped/no_articles"),
    ],
)
def test_what_holds_no_article_is_dropped_with_a_reason(
    tmp_path: Path, name: str, content: bytes, label: str
) -> None:
    found = one(tmp_path, name, content)

    assert isinstance(found, Drop)
    assert found.label == label


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", PNG),
        ("a.html", PNG),
        ("a.pdf", b"%PDF-1.7 x"),
        ("a.zip", b"PK\x03\x04x"),
        ("a.xml", b"<opml/>"),
        ("a.xml", b"no markup"),
        ("a.json", b'{"headline": '),
        ("a.json", b"words"),
        ("a.warc", b"words"),
        ("a.gz", b"\x1f\x8b\x08 no gzip"),
        ("a.gz", gzip.compress(b"word " * 99, mtime=0)[:-20]),
        ("a.gz", NESTED),
        ("a.json", b"[" * 100_000),
    ],
)
def test_what_cannot_be_read_is_told_with_its_bytes(tmp_path: Path, name: str, content: bytes) -> None:
    found = one(tmp_path, name, content)

    assert isinstance(found, Rejected)
    assert (found.error, found.locator, found.stage) == ("Unreadable", name, "collect")
    assert found.payload == (gzip.decompress(content) if content is NESTED else content)


def test_a_bomb_is_too_large_and_told_with_its_digest(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(80_000_000))

    found = one(tmp_path, "bomb.html.gz", bomb)

    assert isinstance(found, Rejected)
    assert found.error == "TooLarge"
    assert (found.payload_bytes, found.payload_sha256) == (len(bomb), sha256(bomb).hexdigest())


def test_a_file_beyond_the_limit_is_told_by_digest_alone(tmp_path: Path) -> None:
    content = b"word " * 10_000

    found = one(tmp_path, "a.txt", content, max_bytes=1000)

    assert isinstance(found, Rejected)
    assert (found.error, found.payload) == ("TooLarge", None)
    assert (found.payload_bytes, found.payload_sha256) == (len(content), sha256(content).hexdigest())


def test_a_folder_is_read_in_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/b/c.txt", ".hidden.txt", ".git/x.txt", "é.txt", "a.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("words")

    locators = [found.locator for found in read(tmp_path) if isinstance(found, Document)]

    assert locators == ["a/b/c.txt", "a/z.txt", "a.txt", "b.txt", "é.txt"]


def test_links_that_leave_the_folder_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (root / "inside.txt").write_text("words")
    (root / "out.txt").symlink_to(tmp_path / "secret.txt")
    (root / "loop").symlink_to(root)
    (root / "same.txt").symlink_to(root / "inside.txt")
    (root / "torn.txt").symlink_to(root / "nowhere")

    found = read(root)

    assert [getattr(r, "locator", None) or r.label for r in found] == [  # type: ignore[union-attr]
        "inside.txt",
        "dropped/link_outside",
        "same.txt",
        "torn.txt",
    ]
    assert isinstance(found[-1], Rejected)


def test_a_pipe_does_not_hold_us_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    (found,) = read(tmp_path)

    assert isinstance(found, Rejected)
    assert "neither a file" in found.message


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    (found,) = read(tmp_path / "nowhere.html")

    assert isinstance(found, Rejected)
    assert found.message == "cannot be read: No such file or directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "a.txt").chmod(0)

    (found,) = read(tmp_path)

    assert isinstance(found, Rejected)
    assert found.message == "cannot be read: Permission denied"


def test_a_file_name_that_is_no_unicode_can_still_be_written_down(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))).write_text("words")

    (found,) = read(tmp_path)

    assert isinstance(found, Document)
    assert encode(found)


def test_the_entries_of_a_feed_file_become_fragments(tmp_path: Path) -> None:
    body = b"""<rss version="2.0"><channel><item><title>A</title><link>http://paper.example/1</link>
    <description>&lt;p&gt;Text&lt;/p&gt;</description></item><item><title>B</title></item></channel></rss>"""
    (tmp_path / "feed.xml").write_bytes(body)

    first, second = read(tmp_path)

    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert (first.kind, first.body, first.locator) == (DocumentKind.FRAGMENT, b"<p>Text</p>", "feed.xml#1")
    assert first.fetched_url == first.discovered_url == "http://paper.example/1"
    assert (first.publisher.id, first.hints["feed.title"]) == ("paper.example", "A")
    assert (second.body, second.fetched_url, second.hints) == (b"", None, {"feed.title": "B"})


ARTICLES = [b'{"title": "A",  "url": "http://x.example/1"}', b'{"title":"B","content":"\xc3\xbc"}']


@pytest.mark.parametrize(
    "content",
    [
        b"[" + b", ".join(ARTICLES) + b"]",
        b'{"status": "ok", "articles": [' + b",".join(ARTICLES) + b"]}",
        b'{"response": {"total": 2, "tags": ["x"], "results": [' + b",".join(ARTICLES) + b"]}}",
        b"\n".join(ARTICLES),
        b"\xef\xbb\xbf[" + b",".join(ARTICLES) + b"]",
    ],
)
def test_each_article_of_a_json_file_keeps_its_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "dump.json").write_bytes(content)

    found = read(tmp_path)

    assert [r.body for r in found if isinstance(r, Document)] == ARTICLES
    assert [r.locator for r in found if isinstance(r, Document)] == ["dump.json#1", "dump.json#2"]


@pytest.mark.parametrize(
    "article",
    [
        {"headlines": [{"role": "main", "value": "x"}], "bodies": [{"title": "x", "text": "y"}]},
        {"title": "x", "body": "y", "related": [{"title": "z", "url": "http://x.example/"}]},
        {"some": "thing"},
        {"a": [{"title": "x", "url": "y"}], "b": [{"title": "x", "url": "y"}]},
    ],
)
def test_an_object_that_holds_no_one_list_of_articles_is_one(
    tmp_path: Path, article: dict[str, object]
) -> None:
    found = one(tmp_path, "a.json", json.dumps(article).encode())

    assert isinstance(found, Document)
    assert json.loads(found.body) == article
    assert found.locator == "a.json"


def test_half_a_character_in_an_escape_does_not_cost_the_article(tmp_path: Path) -> None:
    pair, half, escaped = rb"\ud83d\ude00", rb"\ud83d", rb"\\ud83d"
    (tmp_path / "a.json").write_bytes(
        b'[{"title": "' + pair + half + escaped + b'"}, {"title": "' + half + half + b'"}]'
    )

    found = [json.loads(r.body)["title"] for r in read(tmp_path) if isinstance(r, Document)]

    assert found == ["\U0001f600\ufffd\\ud83d", "\ufffd\ufffd"]


def test_a_bad_line_or_item_is_told_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(b'{"title": "A"}\nnonsense\n\n{"title": "B"}\n')
    (tmp_path / "b.json").write_bytes(b'[{"title": "A"}, 7]')

    found = [(type(r).__name__, getattr(r, "locator", "")) for r in read(tmp_path)]

    assert found == [
        ("Document", "a.ndjson#1"),
        ("Rejected", "a.ndjson#2"),
        ("Document", "a.ndjson#4"),
        ("Document", "b.json#1"),
        ("Rejected", "b.json#2"),
    ]


def record(url: str, body: bytes, *, kind: str = "response", status: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", *(f"{n.replace('_', '-')}: {v}" for n, v in headers.items()), "", ""]
    block = "\r\n".join(lines).encode() + body
    head = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Target-URI: {url}",
        "WARC-Date: 2026-11-02T10:00:00Z",
        f"WARC-Record-ID: <urn:x:{sha256(block).hexdigest()[:8]}>",
        "Content-Type: application/http; msgtype=response",
        f"Content-Length: {len(block)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + block + b"\r\n\r\n"


RECORDS = [
    record("http://x.example/1", HTML, Content_Type="text/html; charset=utf-8", Set_Cookie="a=b"),
    record("http://x.example/1", b"GET", kind="request"),
    record("http://x.example/2", gzip.compress(HTML), Content_Type="text/html", Content_Encoding="gzip"),
    record("http://x.example/3.png", PNG, Content_Type="image/png"),
    record("http://x.example/4", HTML, status=404, Content_Type="text/html"),
    record("http://x.example/5", b"words", Content_Type="text/plain"),
    record("http://x.example/6", b"body{}", Content_Type="text/css"),
    record("http://x.example/7", ARTICLES[0], Content_Type="application/json"),
]
WANTED = ["#1", "#3", "#6", "#8"]


@pytest.mark.parametrize("packing", ["plain", "by record", "whole"])
def test_the_responses_of_an_archive_become_documents(tmp_path: Path, packing: str) -> None:
    packed = {
        "plain": b"".join(RECORDS),
        "by record": b"".join(map(gzip.compress, RECORDS)),
        "whole": gzip.compress(b"".join(RECORDS)),
    }[packing]
    (tmp_path / "crawl").write_bytes(packed)

    found = read(tmp_path)

    documents = [r for r in found if isinstance(r, Document)]
    assert [r.locator.removeprefix("crawl") for r in documents] == WANTED
    assert [r.label for r in found if isinstance(r, Drop)] == ["dropped/http_status"]
    assert len(found) == 5
    assert [r.body for r in documents] == [HTML, HTML, b"words", ARTICLES[0]]
    first = documents[0]
    assert (first.fetched_url, first.http_status, first.charset) == ("http://x.example/1", 200, "utf-8")
    assert first.fetched_at.isoformat() == "2026-11-02T10:00:00+00:00"
    assert first.headers == {"content-type": "text/html; charset=utf-8"}
    assert (first.source.item_id or "").startswith("<urn:x:")
    assert first.publisher.id == "x.example"


@pytest.mark.parametrize("packed", [False, True])
def test_an_archive_cut_anywhere_gives_what_can_be_read_and_one_rest(tmp_path: Path, *, packed: bool) -> None:
    """A cut between two records cannot be seen; any other one is told."""
    records = [gzip.compress(r, mtime=0) if packed else r for r in RECORDS[:3]]
    whole = b"".join(records)
    ends = {sum(map(len, records[:n])) for n in range(4)}
    for cut in range(60, len(whole), 37 if packed else 61):
        (tmp_path / "crawl.warc").write_bytes(whole[:cut])

        found = read(tmp_path)

        rejected = [r for r in found if isinstance(r, Rejected)]
        if packed or cut not in {e - n for e in ends for n in range(5)}:
            assert len(rejected) == (cut not in ends), (cut, found)
        good = [r for r in found if isinstance(r, Document)]
        assert all(r.body == HTML for r in good)
        assert len(good) >= (cut >= len(records[0]))


def test_the_rest_of_a_damaged_archive_is_kept(tmp_path: Path) -> None:
    (tmp_path / "crawl.warc").write_bytes(RECORDS[0] + RECORDS[2][:-50])

    _, rest = read(tmp_path)

    assert isinstance(rest, Rejected)
    assert (rest.locator, rest.payload) == ("crawl.warc#2", RECORDS[2][:-50])
    assert "breaks off" in rest.message


def test_a_record_or_body_beyond_the_limit_is_told_and_the_next_is_read(tmp_path: Path) -> None:
    large = record("http://x.example/l", b"word " * 3000, Content_Type="text/plain")
    bomb = record(
        "http://x.example/b", gzip.compress(bytes(500_000)), Content_Type="text/html", Content_Encoding="gzip"
    )
    (tmp_path / "crawl.warc").write_bytes(large + bomb + RECORDS[0])

    found = read(tmp_path, max_bytes=10_000)

    assert [(type(r).__name__, getattr(r, "error", "")) for r in found] == [
        ("Rejected", "TooLarge"),
        ("Rejected", "TooLarge"),
        ("Document", ""),
    ]


def test_an_archive_may_be_larger_than_the_limit_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "crawl.warc.gz").write_bytes(b"".join(map(gzip.compress, RECORDS * 50)))

    found = read(tmp_path, max_bytes=3000)

    assert sum(isinstance(r, Document) for r in found) == len(WANTED) * 50


def test_our_number_for_responses_is_that_of_the_library() -> None:
    assert WarcRecordType.response == RESPONSE


def test_all_samples_yield_something_and_nothing_is_raised(samples: Samples) -> None:
    root = samples("")
    source = FilesSource(root)

    found = [visit.result for visit in source.visits(RUN) if not isinstance(visit.result, Article)]

    told = {r.locator.partition("#")[0] for r in found if not isinstance(r, Drop)}
    files = [path for path in root.rglob("*") if path.is_file()]
    drops = [r for r in found if isinstance(r, Drop)]
    assert len(told) + len(drops) == len(files)
    assert not [r for r in found if isinstance(r, Rejected)]
    assert all(encode(r) for r in found if isinstance(r, Document))


def test_the_truncated_samples_are_read_as_far_as_they_go(samples: Samples, tmp_path: Path) -> None:
    for name in ("example.warc", "example.warc.gz"):
        content = (samples("warc") / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) * 3 // 4 + 7])

    found = read(tmp_path)

    assert [type(r).__name__ for r in found] == ["Document", "Rejected", "Document", "Rejected"]


def test_gzip_is_the_packing_of_the_bytes_not_of_the_name(tmp_path: Path) -> None:
    buffer = BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as packed:
        packed.write(b"<rss><channel><item><title>T</title></item></channel></rss>")

    found = one(tmp_path, "feed.xml", buffer.getvalue())

    assert isinstance(found, Document)
    assert found.hints == {"feed.title": "T"}
