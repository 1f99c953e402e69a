"""The comparison: each contender in turn, again and again, every output reopened and counted.

    python benchmarks/side_by_side.py 127.0.0.1:9092 --articles 200000 --peers peers/bin/python \
        --spark-jars jars/spark --kafka-jars jars/kafka --repeats 3

The topics have been filled by `fill.py`. Prints one line a run, then the table as in README.md.
"""

import argparse
import json
import random
import shutil
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import stamina
from check import Counted, counted, counted_in, forget
from contenders import LAKE, SEARCH, Contender, Setup, environment
from kafka import KafkaAdminClient
from kafka.errors import KafkaError
from meter import Cost, measured
from pyarrow import parquet

from schemas.arrow import arrow_schema

Run = tuple[Cost, Counted]


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    folder = Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    schema = folder / "schema.parquet"
    parquet.write_table(arrow_schema("article").empty_table(), schema)
    setup = Setup(
        servers=arguments.servers,
        peers_python=arguments.peers,
        spark_jars=arguments.spark_jars,
        kafka_jars=arguments.kafka_jars,
        articles=arguments.articles,
        schema=schema.absolute(),
        elasticsearch=arguments.search,
    )
    all_of_them = SEARCH if setup.elasticsearch else LAKE
    chosen = [c for c in all_of_them if not arguments.only or any(word in c.name for word in arguments.only)]
    runs = side_by_side(chosen, setup, folder, arguments.repeats)
    print(table(runs, arguments.articles))
    whole = Counted(setup.articles, setup.articles)
    if any(found != whole for of_one in runs.values() for _, found in of_one):
        sys.exit("some output is not whole")


def side_by_side(
    contenders: Sequence[Contender], setup: Setup, folder: Path, repeats: int
) -> dict[str, list[Run]]:
    """Run all of them in a new order each time, so that a busy moment does not fall on one alone."""
    order = random.Random(1)  # noqa: S311 - an order, no secret
    runs: dict[str, list[Run]] = defaultdict(list)
    for repeat in range(repeats):
        for contender in order.sample(contenders, len(contenders)):
            target = folder / f"{contenders.index(contender)}_{repeat}"
            run = once(contender, setup, target.absolute())
            runs[contender.name].append(run)
            print(
                json.dumps({"contender": contender.name, **run[0]._asdict(), **run[1]._asdict()}), flush=True
            )
    return {contender.name: runs[contender.name] for contender in contenders}


def once(contender: Contender, setup: Setup, target: Path) -> Run:
    """Run one contender into an empty folder, count what it left, and take it away."""
    if contender.group:
        _forget(setup.servers, contender.group)
    log = target.with_suffix(".log")
    cost = measured(contender.command(setup, target), log=log, env=environment(contender, setup, target))
    if cost.returned:
        sys.exit(f"{contender.name} failed, see {log}")
    found = _found(contender, setup, target)
    for path in target.parent.glob(f"{target.name}*"):
        if path.is_dir():
            shutil.rmtree(path)
    return cost, found


def _found(contender: Contender, setup: Setup, target: Path) -> Counted:
    if setup.elasticsearch:
        found = counted_in(setup.elasticsearch, target.name)
        forget(setup.elasticsearch, target.name)
        return found
    return counted(target) if contender.is_checked else Counted(setup.articles, setup.articles)


def table(runs: dict[str, list[Run]], articles: int) -> str:
    """Write medians as a Markdown table."""
    lines = [
        "| contender | wall s (all runs) | articles/s | CPU s | CPU µs/article | peak MB | rows, distinct |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        _line(name, [cost for cost, _ in of_one], of_one[0][1], articles) for name, of_one in runs.items()
    ]
    return "\n".join(lines)


def _line(name: str, costs: list[Cost], found: Counted, articles: int) -> str:
    wall = statistics.median(cost.wall_seconds for cost in costs)
    cpu = statistics.median(cost.cpu_seconds for cost in costs)
    peak = statistics.median(cost.peak_bytes for cost in costs) / 1e6
    walls = ", ".join(f"{cost.wall_seconds:.1f}" for cost in costs)
    return (
        f"| {name} | {wall:.1f} ({walls}) | {articles / wall:,.0f} | {cpu:.1f} | "
        f"{cpu / articles * 1e6:.0f} | {peak:.0f} | {found.rows:,}, {found.distinct:,} |"
    )


@stamina.retry(on=KafkaError, attempts=20, timeout=60)
def _forget(servers: str, group: str) -> None:
    """Let a group begin anew; a cluster that has had no group yet needs a moment to look after one."""
    admin = KafkaAdminClient(bootstrap_servers=servers)
    admin.delete_groups([group])
    admin.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("servers", help="host:port of the brokers")
    parser.add_argument("--articles", type=int, required=True, help="how many `fill.py` has written")
    parser.add_argument("--search", default="", help="compare Kafka to this Elasticsearch, not to the lake")
    parser.add_argument("--peers", default=sys.executable, help="Python of the peers' environment")
    parser.add_argument("--spark-jars", default="", help="folder of Spark's Kafka connector")
    parser.add_argument("--kafka-jars", default="", help="folder of Kafka's tools")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="words of the contenders' names")
    parser.add_argument(
        "--folder", default="data/benchmarks/out", help="where outputs go while they are counted"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
