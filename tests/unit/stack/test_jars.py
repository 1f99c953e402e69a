import re
from pathlib import Path

import pytest

from ingestion.errors import Stop
from ingestion.stack import jars
from ingestion.stack.parts import LOCK, POM, SERVERS, version


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    for name in ("one.jar", "two.jar"):
        (tmp_path / "lib" / name).write_bytes(name.encode())
    return tmp_path / "lib"


@pytest.fixture
def lock(folder: Path, tmp_path: Path) -> Path:
    written = tmp_path / "jars.lock"
    jars.write_lock({"kafka": jars.digests(folder)}, written)
    return written


def test_the_locked_jars_pass(folder: Path, lock: Path) -> None:
    assert sorted(jars.read_lock(lock)["kafka"]) == ["one.jar", "two.jar"]
    jars.check("kafka", folder, lock=lock)


def test_a_jar_with_another_digest_is_refused(folder: Path, lock: Path) -> None:
    (folder / "two.jar").write_bytes(b"something else")

    with pytest.raises(Stop, match=r"are not used:\n  two\.jar has the SHA-256 [0-9a-f]{64}, the lock says"):
        jars.check("kafka", folder, lock=lock)


def test_a_jar_that_is_not_locked_is_refused(folder: Path, lock: Path) -> None:
    (folder / "three.jar").write_bytes(b"")

    with pytest.raises(Stop, match=r"three\.jar is not in the lock"):
        jars.check("kafka", folder, lock=lock)


def test_a_missing_jar_is_refused(folder: Path, lock: Path) -> None:
    (folder / "one.jar").unlink()

    with pytest.raises(Stop, match=r"one\.jar is missing"):
        jars.check("kafka", folder, lock=lock)


def test_the_lock_holds_a_digest_of_each_jar_and_no_host() -> None:
    lines = LOCK.read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if not re.fullmatch(r"[0-9a-f]{64}  [a-z]+/[\w.-]+\.jar", line)] == []
    assert "://" not in LOCK.read_text(encoding="utf-8")


@pytest.mark.parametrize("server", SERVERS)
def test_the_lock_is_that_of_the_pinned_version(server: str) -> None:
    names = jars.read_lock()[server]

    assert [name for name in names if name.endswith(f"{server}_2.13-{version(server)}.jar")] or (
        f"{server}-{version(server)}.jar" in names
    )


def test_every_version_is_exact() -> None:
    pinned = re.findall(r"<[\w.-]+\.version>([^<]+)</", POM.read_text(encoding="utf-8"))

    assert len(pinned) == 4
    assert [one for one in pinned if not re.fullmatch(r"\d+(\.\d+)+", one)] == []
