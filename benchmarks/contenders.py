"""Who runs in the comparison, with which command, and where it leaves what it read."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Setup(NamedTuple):
    """What the commands need to know of this machine."""

    servers: str
    peers_python: str
    spark_jars: str
    kafka_jars: str
    articles: int
    schema: Path
    elasticsearch: str = ""


class Contender(NamedTuple):
    """One row of the table. `group` is the consumer group to be forgotten before each run."""

    name: str
    command: Callable[[Setup, Path], list[str]]
    settings: Callable[[Setup, Path], Mapping[str, str]] = lambda _setup, _folder: {}
    group: str | None = None
    is_checked: bool = True


def _ours(job: str, workers: int) -> Contender:
    return Contender(
        name=f"ours, {workers} process{'es' if workers > 1 else ''}",
        command=lambda _setup, _folder: [sys.executable, str(HERE / "ours.py"), job, str(workers)],
        settings=_our_settings,
        group=job,
    )


def _our_settings(setup: Setup, folder: Path) -> Mapping[str, str]:
    search = {
        "NEWS_SEARCH": setup.elasticsearch,
        "NEWS_ELASTICSEARCH__PREFIX": f"{folder.name}-",
        "NEWS_BATCH_RECORDS": "5000",
    }
    return {
        "NEWS_BROKER": f"kafka://{setup.servers}",
        "NEWS_DATA_DIR": str(folder),
        "NEWS_BATCH_RECORDS": "10000",
        **(search if setup.elasticsearch else {}),
    }


def _peer(name: str, script: str) -> Contender:
    def command(setup: Setup, folder: Path) -> list[str]:
        path = HERE / "peers" / script
        extra = [setup.spark_jars] if script == "spark.py" else []
        if script.startswith("search_"):
            return [setup.peers_python, str(path), setup.servers, setup.elasticsearch, folder.name]
        return [setup.peers_python, str(path), setup.servers, str(setup.schema), str(folder), *extra]

    return Contender(name=name, command=command)


def _consumer_perf(setup: Setup, folder: Path) -> list[str]:
    return [
        *("java", "-Xmx512m", "-cp", f"{setup.kafka_jars}/*", "org.apache.kafka.tools.ConsumerPerformance"),
        *("--bootstrap-server", setup.servers, "--topic", "news.articles", "--group", folder.name),
        *("--num-records", str(setup.articles), "--timeout", "20000"),
    ]


LAKE: tuple[Contender, ...] = (
    _ours("store", 4),
    _ours("store", 1),
    _peer("PySpark Structured Streaming, 4 threads", "spark.py"),
    _peer("Quix Streams", "quix.py"),
    _peer("Bytewax", "bytewax_flow.py"),
    _peer("naive kafka-python loop", "naive.py"),
    Contender(name="kafka-consumer-perf-test (reads only)", command=_consumer_perf, is_checked=False),
)
SEARCH: tuple[Contender, ...] = (
    _ours("index", 4),
    _ours("index", 1),
    _peer("Quix Streams", "search_quix.py"),
    _peer("naive parallel_bulk loop", "search_naive.py"),
)


def environment(contender: Contender, setup: Setup, folder: Path) -> dict[str, str]:
    """Give ours its settings and the project's modules; a peer gets neither."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("NEWS_", "PYTHONPATH"))
    }
    settings = contender.settings(setup, folder)
    return {**clean, **settings, **({"PYTHONPATH": str(HERE.parent)} if settings else {})}
