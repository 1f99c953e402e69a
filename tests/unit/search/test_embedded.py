"""What is particular to the embedded index: its lock, its memory, and writers that are killed."""

import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from ingestion.article import Article, Permission, Rights
from ingestion.errors import ConfigurationError, Unavailable
from ingestion.search.embedded import TantivyIndex, fields
from ingestion.search.mapping import leaves
from ingestion.search.query import Facet, Query
from tests.builders import NOON
from tests.contract.newsstand import DAY, FERRY, NEWSSTAND, ask, found, many, piece, rows

ROOT = Path(__file__).parents[3]

WRITER = """
    import sys
    from pathlib import Path
    from ingestion.search.embedded import TantivyIndex
    from tests.contract.newsstand import piece, rows

    index = TantivyIndex(Path(sys.argv[1]), writer_memory_bytes=15_000_000)
    for batch in range(int(sys.argv[2]), 1_000_000):
        ids = [f"{batch}-{number}" for number in range(5)] + ["same"]
        made = [piece(id, "News", "Words. " * 50) for id in ids]
        assert not [one for one in index.bulk(rows(*made)) if one.error]
        print(batch, flush=True)
"""

HOLDER = """
    import sys, tantivy
    from pathlib import Path
    from ingestion.search.embedded.fields import schema

    index = tantivy.Index(schema(), sys.argv[1])
    writer = index.writer(15_000_000, 1)
    print("held", flush=True)
    sys.stdin.readline()
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_writers_killed_at_any_moment_leave_all_they_acknowledged(tmp_path: Path) -> None:
    moments = random.Random(11)  # noqa: S311 (moments, not secrets)
    written = 0
    for _ in range(6):
        process = start(WRITER, tmp_path, written)
        assert process.stdout is not None
        acknowledged = [process.stdout.readline()]
        time.sleep(moments.uniform(0, 0.25))
        process.send_signal(signal.SIGKILL)
        acknowledged += process.communicate()[0].splitlines()
        written = int(acknowledged[-1]) + 1

        index = TantivyIndex(tmp_path)
        held = {article.article_id for article in index.articles()}
        assert {f"{batch}-{number}" for batch in range(written) for number in range(5)} <= held
        assert len(held) == index.count() == ask(index, "words").total
        assert (index.count() - 1) % 5 == 0
    assert not [one for one in index.bulk(rows(FERRY)) if one.error]
    assert ask(index, "ferry").total == 1


def test_a_writer_waits_for_another_process_and_then_gives_up(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path, lock_timeout_seconds=0.1)
    holder = start(HOLDER, tmp_path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"

    with pytest.raises(Unavailable, match="another process"):
        index.bulk(rows(FERRY))
    assert index.count() == 0

    holder.communicate("go\n")
    assert [one.error for one in index.bulk(rows(FERRY))] == [None]


def test_a_lock_that_is_let_go_in_time_is_waited_for(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path, lock_timeout_seconds=30)
    holder = start(HOLDER, tmp_path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert holder.stdin is not None
    holder.stdin.write("go\n")
    holder.stdin.close()

    assert [one.error for one in index.bulk(rows(FERRY))] == [None]
    holder.wait()
    holder.stdout.close()


def test_two_copies_of_the_same_writes_are_equal_whatever_the_batches(tmp_path: Path) -> None:
    one, other = TantivyIndex(tmp_path / "one"), TantivyIndex(tmp_path / "other", writer_memory_bytes=1)
    made = rows(*many(40))
    one.bulk(made)
    for row in sorted(made, key=lambda row: str(row["article_id"])[::-1]):
        other.bulk([row])

    assert list(one.articles()) == list(other.articles())
    page = Query(facets=(Facet.DAY,), size=50)
    assert one.search(page).hits == other.search(page).hits


def of_an_earlier_version(path: Path, *articles: Article, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an index of a contract that knew less of rights."""
    known = tuple(leaf for leaf in leaves() if leaf.path != "rights.text_and_data_mining")
    with monkeypatch.context() as patched:
        patched.setattr(fields, "leaves", lambda: known)
        fields.schema.cache_clear()
        TantivyIndex(path).bulk(rows(*articles))
    fields.schema.cache_clear()


def test_an_index_of_an_earlier_version_is_made_anew_with_all_its_articles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index"
    of_an_earlier_version(path, *NEWSSTAND, monkeypatch=monkeypatch)
    index = TantivyIndex(path)
    reserved = replace(FERRY, rights=Rights(text_and_data_mining=Permission.RESERVED))
    before = list(index.articles())
    index.bulk(rows(reserved))

    assert before == sorted(NEWSSTAND, key=lambda made: made.article_id)
    assert found(index, "mining:reserved") == {"ferry"}
    assert found(index, "Hochwasser") == {"german"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]
    assert TantivyIndex(path).count() == len(NEWSSTAND)


def test_an_index_that_was_being_made_anew_by_a_killed_process_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index"
    of_an_earlier_version(path, *NEWSSTAND, monkeypatch=monkeypatch)
    (tmp_path / ".index.new").mkdir()
    (tmp_path / ".index.new" / "half").write_bytes(b"half")
    path.rename(tmp_path / ".index.old")

    assert TantivyIndex(path).count() == len(NEWSSTAND)
    assert [entry.name for entry in tmp_path.iterdir()] == ["index"]


def test_an_index_of_an_earlier_version_that_is_being_written_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tantivy

    path = tmp_path / "index"
    of_an_earlier_version(path, FERRY, monkeypatch=monkeypatch)
    writer = tantivy.Index.open(str(path)).writer()

    with pytest.raises(Unavailable, match="of another version, and is being written"):
        TantivyIndex(path)
    writer.wait_merging_threads()
    assert TantivyIndex(path).get("ferry") == FERRY


def test_a_folder_that_holds_something_else_is_refused_with_advice(tmp_path: Path) -> None:
    import tantivy

    tantivy.Index(tantivy.SchemaBuilder().add_text_field("other").build(), str(tmp_path))

    with pytest.raises(ConfigurationError, match="remove the folder"):
        TantivyIndex(tmp_path)


def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(ConfigurationError, match="cannot be opened"):
        TantivyIndex(tmp_path / "file")


def test_an_index_that_vanishes_is_unavailable(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path / "index")
    (tmp_path / "index").rename(tmp_path / "moved")

    with pytest.raises(Unavailable, match="cannot be read"):
        index.count()


def test_a_keyword_too_long_to_be_a_term_does_not_refuse_its_article(tmp_path: Path) -> None:
    index = TantivyIndex(tmp_path)

    assert [one.error for one in index.bulk(rows(piece("a", "A", "B", section="s" * 9_000)))] == [None]
    assert index.values(Facet.SECTION) == ()


def test_what_a_killed_writer_left_of_a_batch_is_in_nobodys_way(tmp_path: Path) -> None:
    first, update = piece("a", "First", "Words."), piece("a", "Second", "Words.", fetched_at=NOON + DAY)
    TantivyIndex(tmp_path).bulk(rows(first, piece("b", "Other", "Words.")))
    before = (tmp_path / "meta.json").read_bytes()
    TantivyIndex(tmp_path).bulk(rows(update))
    assert list(tmp_path.glob("*.del"))
    (tmp_path / "meta.json").write_bytes(before)

    index = TantivyIndex(tmp_path)
    assert index.get("a") == first
    assert [one.error for one in index.bulk(rows(update))] == [None]
    assert index.get("a") == update
    assert index.count() == 2
