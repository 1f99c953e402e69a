"""Killed before any numbered step, and at any moment, the walk ends as if it had not been killed."""

import multiprocessing
import os
import random
import signal
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import pytest

from ingestion.newsroom.server import running
from tests.crash import walker
from tests.crash.walker import EMBEDDED, Outcome, World, outcome

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

THOROUGH = os.environ.get("NEWS_CRASH_ALL") == "1"
KILLS_IN_A_WALK = 3
WALKS = 68 if THOROUGH else 4
LONGEST_SECONDS = {True: 1.5, False: 8.0}
"""A walk is killed before it is over; on servers it takes longer."""


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    return context


@pytest.fixture(scope="module")
def newsroom() -> Iterator[str]:
    with running() as address:
        yield f"{address.host}:{address.port}"


class Walks(NamedTuple):
    """Starts walks in processes of their own."""

    processes: ForkServerContext
    newsroom: str
    world: World

    def walk(self, data: Path, kill_at: int | None = None) -> int | None:
        process = self.start(data, kill_at)
        process.join(timeout=300)
        return process.exitcode

    def start(self, data: Path, kill_at: int | None = None, readers: int = 1) -> BaseProcess:
        arguments = (data, self.newsroom, kill_at, self.world, readers)
        process = self.processes.Process(target=walker.walk, args=arguments)
        process.start()
        return process

    def outcome(self, data: Path) -> Outcome:
        return outcome(data, self.world)


class Scene(NamedTuple):
    """Where walks take place, and what an undisturbed one leaves there."""

    walks: Walks
    expected: Outcome
    steps: list[str]


@pytest.fixture(scope="module", params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def scene(
    request: pytest.FixtureRequest,
    processes: ForkServerContext,
    newsroom: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Scene:
    world = EMBEDDED
    if request.param == "servers":
        urls = [request.getfixturevalue(name) for name in ("kafka_url", "elasticsearch_url")]
        world = World(broker=urls[0], search=urls[1])
    data = tmp_path_factory.mktemp("undisturbed")
    walks = Walks(processes, newsroom, world)
    assert walks.walk(data) == 0
    return Scene(walks, walks.outcome(data), (data / "steps.txt").read_text().split())


def test_the_undisturbed_walk_has_every_kind_of_outcome(scene: Scene) -> None:
    expected, steps = scene.expected, scene.steps

    assert expected.open_documents == 0
    assert expected.ledger["updated"] == 1 < expected.ledger["new"]
    assert {"duplicate", "dropped/not_an_article"} <= expected.seen_again_after_a_crash.keys()
    assert {stage for stage, _ in expected.letters_of_later_steps} == {"store", "index"}
    assert max(version for _, version in expected.articles) == 2
    assert all(count == 1 for count in expected.lake.values())
    assert {step.partition(".")[0] for step in steps} == {"collect", "transform", "store", "index", "account"}


def without_repeats(found: Outcome, expected: Outcome) -> Outcome:
    """Collecting is at least once: what is visited again enters again, and is counted again."""
    names, repeats = expected.seen_again_after_a_crash, found.seen_again_after_a_crash
    assert repeats.keys() == names.keys()
    assert all(repeats[name] >= count for name, count in names.items())
    return found._replace(seen_again_after_a_crash=names)


def turns(scene: Scene, part: int, parts: int) -> list[int]:
    """The steps at which this part of the tests kills.

    On files of its own, each step of the walk in turn; on servers, where a walk takes seconds, the first
    and the last time that each numbered step is reached. `NEWS_CRASH_ALL=1` (`make crash`) kills at all.
    """
    numbers = list(range(1, len(scene.steps) + 1))
    if scene.walks.world != EMBEDDED and not THOROUGH:
        last = {step: number for number, step in enumerate(scene.steps, start=1)}
        first = {step: number for number, step in reversed(list(enumerate(scene.steps, start=1)))}
        numbers = sorted({*first.values(), *last.values()})
    return numbers[part::parts]


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_killed_at_each_step_in_turn(part: int, scene: Scene, tmp_path: Path) -> None:
    for kill_at in turns(scene, part, 8):
        data = tmp_path / str(kill_at)
        assert scene.walks.walk(data, kill_at) == -signal.SIGKILL
        assert scene.walks.walk(data) == 0
        found, expected = scene.walks.outcome(data), scene.expected
        if scene.steps[kill_at - 1].startswith("collect"):
            found = without_repeats(found, expected)
        assert found == expected, f"killed at step {kill_at}, {scene.steps[kill_at - 1]}"


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_killed_at_random_moments_again_and_again(part: int, scene: Scene, tmp_path: Path) -> None:
    chance = random.Random(part)  # noqa: S311 - moments, not secrets
    for walk in range(WALKS // 4):
        data = tmp_path / str(walk)
        for _ in range(KILLS_IN_A_WALK):
            process = scene.walks.start(data, readers=3)
            process.join(timeout=chance.uniform(0.05, LONGEST_SECONDS[scene.walks.world == EMBEDDED]))
            process.kill()
            process.join()
        assert scene.walks.walk(data) == 0
        assert without_repeats(scene.walks.outcome(data), scene.expected) == scene.expected
