import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingestion.errors import ConfigurationError, Stop, Unavailable
from ingestion.stack import kits, parts


def test_without_maven_nothing_can_be_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAVEN_HOME", "M2_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert any(sentence.startswith("Maven is not found") for sentence in kits.missing_tools(cache=tmp_path))
    with pytest.raises(ConfigurationError, match="Maven is not found"):
        kits.kafka_kit(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kafka.lock"]


def test_what_is_in_the_cache_needs_no_maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = kits._kept("kafka", lambda kit: kit.mkdir(), tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert kits.kafka_kit(tmp_path) == kept
    assert not any("Maven" in sentence for sentence in kits.missing_tools(["kafka"], cache=tmp_path))


def test_many_at_once_build_once(tmp_path: Path) -> None:
    built: list[Path] = []

    def build(kit: Path) -> None:
        built.append(kit)
        kit.mkdir()
        (kit / "whole").touch()

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: kits._kept("kafka", build, tmp_path), range(8)))

    assert len(built) == 1
    assert [(kit / "whole").is_file() for kit in found] == [True]


def test_a_half_built_server_is_never_in_place(tmp_path: Path) -> None:
    def build(kit: Path) -> None:
        kit.mkdir()
        (kit / "half").touch()
        raise Stop("the jar is not the locked one")

    with pytest.raises(Stop):
        kits._kept("kafka", build, tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["kafka.lock"]


def test_a_change_of_what_it_is_made_of_makes_it_anew(tmp_path: Path) -> None:
    sources = [Path(shutil.copy(source, tmp_path)) for source in parts.SOURCES]
    before = parts.digest(*sources)
    sources[0].write_text(sources[0].read_text() + "\n")

    assert parts.SOURCES
    assert parts.digest(*sources) != before


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    (tmp_path / "cache").mkdir()
    return tmp_path / "cache"


def maven(folder: Path, lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another Maven go before the installed one; `$folder` is where it is asked to put the jars."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "mvn"
    program.write_text(
        "#!/bin/sh\n"
        'for option; do case "$option" in -DoutputDirectory=*) folder="${option#*=}";; esac; done\n' + lines
    )
    program.chmod(0o755)
    monkeypatch.setenv("MAVEN_HOME", str(folder))


@pytest.mark.servers
def test_a_jar_that_is_not_locked_leaves_no_server(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven(tmp_path, 'mkdir -p "$folder" && echo evil >"$folder/evil.jar"\n', monkeypatch)

    with pytest.raises(Stop, match=r"evil\.jar is not in the lock"):
        kits.kafka_kit(cache)
    assert [path.name for path in cache.iterdir()] == ["kafka.lock"]


@pytest.mark.servers
def test_a_maven_that_cannot_fetch_may_be_tried_again(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven(tmp_path, 'echo "[ERROR] no route to host" && exit 1\n', monkeypatch)

    with pytest.raises(Unavailable, match=r"could not fetch the jars of kafka:\n\[ERROR\] no route to host"):
        kits.kafka_kit(cache)
    assert [path.name for path in cache.iterdir()] == ["kafka.lock"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"NEWS_STACK_CACHE": "/chosen"}, "/chosen"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/news-ingestion/stack"),
        ({"HOME": "/me"}, "/me/.cache/news-ingestion/stack"),
    ],
)
def test_the_cache_is_where_the_environment_says(
    variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NEWS_STACK_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert parts.cache_folder() == Path(expected)
