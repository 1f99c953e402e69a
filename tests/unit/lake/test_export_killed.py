"""An export killed before each thing it does to the file system, one after another, and run again."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.good import article
from ingestion.lake.delta import DeltaLake
from ingestion.lake.export import export_articles
from ingestion.lake.manifest import read_manifest, verify
from ingestion.lake.reader import LakeReader
from ingestion.ports import TopicPartition
from schemas.arrow import table_of

ROOT = Path(__file__).parents[3]
P0 = TopicPartition("news.articles", 0)
DAYS = [article()["ingested_at"].replace(day=day) for day in (2, 3, 4)]
MONDAY, TUESDAY, WEDNESDAY = (at.date() for at in DAYS)

# Each export runs in a child of its own, forked before the libraries have started a thread.
DRIVER = """
import os, shutil, signal, sys
from pathlib import Path
import pyarrow.dataset, pyarrow.parquet
from ingestion.lake.export import export_articles
from ingestion.lake.reader import LakeReader

url, base, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}


def export(folder, before=None):
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    reached = 0

    def die(event, arguments):
        nonlocal reached
        if event in CHANGES and str(arguments[0]).startswith(str(folder)):
            reached += 1
            if reached == before:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(die)
    try:
        export_articles(LakeReader(url), folder)
    except BaseException:
        os._exit(1)
    os._exit(0)


number, status = 0, signal.SIGKILL
while status == signal.SIGKILL:
    number += 1
    rerun = work / f"{number}-rerun"
    shutil.copytree(base, rerun)
    status = export(rerun, before=number)
    shutil.copytree(rerun, work / f"{number}-killed")
    assert export(rerun) == 0, number
sys.exit(status)
"""


def rows(*articles: tuple[int, datetime]) -> pa.Table:
    return table_of("article", [article(number, ingested_at=at) for number, at in articles])


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """Two days were exported; then one gained rows, and a third came."""
    folder = tmp_path_factory.mktemp("killed")
    url = f"file:{folder}/lake"
    lake = DeltaLake(url)
    lake.append(rows((0, DAYS[0]), (1, DAYS[1])), {P0: 0}, {P0: 2})
    export_articles(LakeReader(url), folder / "before")
    lake.append(rows((2, DAYS[1]), (3, DAYS[2])), {P0: 2}, {P0: 4})
    (folder / "work").mkdir()
    command = [sys.executable, "-c", DRIVER, url, str(folder / "before"), str(folder / "work")]
    subprocess.run(command, check=True, cwd=ROOT, timeout=120)
    return folder, list(range(1, len(list((folder / "work").glob("*-killed"))) + 1))


def rows_by_day(folder: Path) -> dict[date, int]:
    return {file.day: file.rows for file in read_manifest(folder).files}


def snapshots(killed: tuple[Path, list[int]], name: str) -> Iterator[Path]:
    folder, numbers = killed
    return (folder / "work" / f"{number}-{name}" for number in numbers)


@pytest.mark.slow
def test_readers_of_the_manifest_see_all_of_the_old_or_all_of_the_new(killed: tuple[Path, list[int]]) -> None:
    old = {MONDAY: 1, TUESDAY: 1}
    new = {MONDAY: 1, TUESDAY: 2, WEDNESDAY: 1}
    seen = []
    for folder in snapshots(killed, "killed"):
        seen.append(rows_by_day(folder))

        assert [fault for fault in verify(folder) if "not in the manifest" not in fault] == [], folder
    assert all(state in (old, new) for state in seen)
    assert seen == sorted(seen, key=lambda state: state == new)
    assert seen.count(old) > 10
    assert seen.count(new) > 2


@pytest.mark.slow
def test_the_next_run_ends_where_an_undisturbed_one_would_have(killed: tuple[Path, list[int]]) -> None:
    *_, undisturbed = snapshots(killed, "killed")
    expected = files(undisturbed)
    for folder in snapshots(killed, "rerun"):
        assert files(folder) == expected, folder
        assert verify(folder) == []
        assert rows_by_day(folder) == rows_by_day(undisturbed)


def files(folder: Path) -> dict[str, bytes]:
    """All but the manifest, which holds the time of its run."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != "_manifest.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}
