"""Killed before any numbered step, and at any moment, the walk ends as if it had not been killed."""

import multiprocessing
import random
import signal
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from ingestion.newsroom.server import running
from tests.crash import walker
from tests.crash.walker import Outcome, outcome

HEAVY = [
    "tests.crash.walker",
    "expectations.masks",
    "feedparser",
    "fastfeedparser",
    "ingestion.fetch.client",
    "ingestion.lake.delta",
    "ingestion.lake.reader",
    "ingestion.parse.assemble",
    "ingestion.parse.html",
    "ingestion.search.embedded.index",
    "ingestion.sources.feed",
    "ingestion.sources.sitemap",
    "ingestion.state.claims",
    "ingestion.state.ledger",
    "ingestion.state.sources",
    "alembic.command",
    "pandas",
    "py3langid",
    "sqlalchemy.dialects.sqlite",
    "trafilatura",
]
"""Imported once by the process that the walks are forked from; none of them starts a thread."""

MOMENTS = 12


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    return context


@pytest.fixture(scope="module")
def newsroom() -> Iterator[str]:
    with running() as address:
        yield f"{address.host}:{address.port}"


def walk(processes: ForkServerContext, data: Path, newsroom: str, kill_at: int | None = None) -> int | None:
    process = processes.Process(target=walker.walk, args=(data, newsroom, kill_at))
    process.start()
    process.join(timeout=120)
    return process.exitcode


@pytest.fixture(scope="module")
def undisturbed(
    processes: ForkServerContext, newsroom: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Outcome, list[str]]:
    data = tmp_path_factory.mktemp("undisturbed")
    assert walk(processes, data, newsroom) == 0
    return outcome(data), (data / "steps.txt").read_text().split()


def test_the_undisturbed_walk_has_every_kind_of_outcome(undisturbed: tuple[Outcome, list[str]]) -> None:
    expected, steps = undisturbed

    assert expected.open_documents == 0
    assert expected.ledger["updated"] == 1 < expected.ledger["new"]
    assert {"duplicate", "dropped/not_an_article"} <= expected.seen_again_after_a_crash.keys()
    assert {stage for stage, _ in expected.letters_of_later_steps} == {"store", "index"}
    assert max(version for _, version, _ in expected.articles) == 2
    assert all(count == 1 for count in expected.lake.values())
    assert {step.partition(".")[0] for step in steps} == {"collect", "transform", "store", "index", "account"}


def without_repeats(found: Outcome, expected: Outcome) -> Outcome:
    """Collecting is at least once: what is visited again enters again, and is counted again."""
    names, repeats = expected.seen_again_after_a_crash, found.seen_again_after_a_crash
    assert repeats.keys() == names.keys()
    assert all(repeats[name] >= count for name, count in names.items())
    return found._replace(seen_again_after_a_crash=names)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_killed_at_each_step_in_turn(
    part: int,
    processes: ForkServerContext,
    newsroom: str,
    undisturbed: tuple[Outcome, list[str]],
    tmp_path: Path,
) -> None:
    expected, steps = undisturbed
    for kill_at in range(1 + part, len(steps) + 1, 8):
        data = tmp_path / str(kill_at)
        assert walk(processes, data, newsroom, kill_at) == -signal.SIGKILL
        assert walk(processes, data, newsroom) == 0
        found = outcome(data)
        if steps[kill_at - 1].startswith("collect"):
            found = without_repeats(found, expected)
        assert found == expected, f"killed at step {kill_at}, {steps[kill_at - 1]}"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_killed_at_random_moments_again_and_again(
    part: int,
    processes: ForkServerContext,
    newsroom: str,
    undisturbed: tuple[Outcome, list[str]],
    tmp_path: Path,
) -> None:
    chance = random.Random(part)  # noqa: S311 - moments, not secrets
    for _ in range(MOMENTS // 4):
        process = processes.Process(target=walker.walk, args=(tmp_path, newsroom))
        process.start()
        process.join(timeout=chance.uniform(0.05, 1.5))
        process.kill()
        process.join()
    assert walk(processes, tmp_path, newsroom) == 0

    assert without_repeats(outcome(tmp_path), undisturbed[0]) == undisturbed[0]
