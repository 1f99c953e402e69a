"""The servers are killed while a walk goes on, and workers come and go: the walk ends as if they had not."""

import multiprocessing
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import NamedTuple

import pytest

from ingestion import pipeline
from ingestion.drain import Budget
from ingestion.newsroom.server import running
from ingestion.stack.elasticsearch import ElasticsearchServer
from ingestion.stack.kafka import KafkaServer
from ingestion.stack.server import Server
from ingestion.telemetry.logs import LogObserver
from ingestion.topics import RAW
from ingestion.wiring import Wiring
from tests.crash import walker
from tests.crash.test_crash import HEAVY, THOROUGH, Walks, without_repeats
from tests.crash.walker import Outcome, World

TIMES = 12 if THOROUGH else 2
MOST_RUNS = 5


class Stage(NamedTuple):
    """Servers of our own, and what a walk leaves on them."""

    kafka: KafkaServer
    elasticsearch: ElasticsearchServer
    walks: Walks
    expected: Outcome


@pytest.fixture(scope="module")
def stage(
    module_kafka: Callable[..., KafkaServer],
    module_elasticsearch: Callable[..., ElasticsearchServer],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    context: ForkServerContext = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    kafka, elasticsearch = module_kafka(), module_elasticsearch(heap_mib=512)
    with running() as address:
        world = World(broker=kafka.url, search=elasticsearch.url)
        walks = Walks(context, f"{address.host}:{address.port}", world)
        data = tmp_path_factory.mktemp("undisturbed")
        assert walks.walk(data) == 0
        yield Stage(kafka, elasticsearch, walks, walks.outcome(data))


def finish(walks: Walks, data: Path) -> None:
    """Run the walk again until it ends well, as a scheduler does."""
    assert any(walks.walk(data) == 0 for _ in range(MOST_RUNS))


def disturbed(stage: Stage, server: Server, data: Path, chance: random.Random) -> Outcome:
    """Kill a server in the middle of a walk, start it again, and see the walk to its end."""
    process = stage.walks.start(data)
    time.sleep(chance.uniform(0.5, 5.0))
    server.kill()
    time.sleep(chance.uniform(0.0, 1.0))
    server.start()
    process.join(timeout=300)
    if process.exitcode != 0:
        finish(stage.walks, data)
    return stage.walks.outcome(data)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(TIMES))
def test_the_broker_killed_in_the_middle_of_a_walk(number: int, stage: Stage, tmp_path: Path) -> None:
    found = disturbed(stage, stage.kafka, tmp_path / "data", random.Random(number))  # noqa: S311

    assert without_repeats(found, stage.expected) == stage.expected


@pytest.mark.slow
@pytest.mark.parametrize("number", range(TIMES))
def test_the_search_node_killed_in_the_middle_of_a_walk(number: int, stage: Stage, tmp_path: Path) -> None:
    found = disturbed(stage, stage.elasticsearch, tmp_path / "data", random.Random(100 + number))  # noqa: S311

    assert without_repeats(found, stage.expected) == stage.expected


@pytest.mark.slow
def test_workers_that_come_and_go_lose_and_double_nothing(stage: Stage, tmp_path: Path) -> None:
    data, newsroom, world = tmp_path / "data", stage.walks.newsroom, stage.walks.world
    walker.collect_only(data, newsroom, world)
    settings = world.settings(data, newsroom)

    def transform(slot: str, batches: int | None) -> int:
        """Work as one of several; with `batches`, go away after so many."""
        records = batches * 2 if batches else 1_000_000
        with Wiring(settings.model_copy(update={"slot": slot})) as wiring:
            budget = Budget(batch_records=2, job_records=records)
            whole = pipeline.Walk(broker=wiring.broker, observer=LogObserver(), budget=budget)
            return pipeline.transform(whole, wiring.extractor, wiring.memory, wiring.producer("transform"))

    with ThreadPoolExecutor(3) as threads:
        guests = [threads.submit(transform, f"guest-{number}", 2) for number in range(2)]
        stays = threads.submit(transform, "stays", None)
        handled = [future.result(timeout=240) for future in (*guests, stays)]
    transform("last", None)
    with Wiring(settings) as wiring:
        left = wiring.broker.lag("transform", RAW)
        with closing(wiring.producer("idle")):
            entered = sum(1 for _ in wiring.broker.read(RAW))
    finish(stage.walks, data)

    assert left == 0
    assert sum(handled) <= entered
    assert without_repeats(stage.walks.outcome(data), stage.expected) == stage.expected
