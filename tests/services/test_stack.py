"""`news stack` and its servers, for real."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from typer.testing import CliRunner

from ingestion.__main__ import exit_code
from ingestion.cli import stack
from ingestion.errors import ConfigurationError, Stop
from ingestion.search.mapping import template
from ingestion.stack import jars
from ingestion.stack.elasticsearch import ElasticsearchServer
from ingestion.stack.kafka import KafkaServer
from ingestion.stack.kits import kafka_kit
from ingestion.stack.loopback import free_port

ROOT = Path(__file__).parents[2]
RECORD = b"x" * (15 * 1024 * 1024)
pytestmark = pytest.mark.servers
ONE_WORKER = pytest.mark.xdist_group("stack-broker")
"""Else each worker would start a broker of its own."""


def news(*arguments: str, data_dir: Path) -> str:
    """Run `news stack …`; what it raises is what the command line tells."""
    app = typer.Typer()
    stack.register(app)
    result = CliRunner().invoke(app, ["stack", *arguments, "--data-dir", str(data_dir)])
    if result.exception:
        raise result.exception
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("stäck with spaces")
    yield made
    news("down", data_dir=made)


def seen(folder: Path) -> dict[str, dict[str, Any]]:
    return {one["server"]: one for one in json.loads(news("status", "--json", data_dir=folder))}


def test_up_status_and_down(folder: Path) -> None:
    kafka, elasticsearch = free_port(), free_port()
    ports = ("--kafka-port", str(kafka), "--elasticsearch-port", str(elasticsearch))
    heap = ("--set", "elasticsearch:heap_mib=384")
    printed = news("up", *ports, *heap, data_dir=folder)
    first = seen(folder)
    again = news("up", data_dir=folder)
    only = json.loads(news("up", "--only", "kafka", "--json", data_dir=folder))
    table = news("status", data_dir=folder)
    news("down", "--only", "kafka", data_dir=folder)
    kafka_down = seen(folder)
    news("down", "--wipe", data_dir=folder)
    last = seen(folder)

    assert f"export NEWS_BROKER=kafka://127.0.0.1:{kafka}\n" in printed
    assert f"export NEWS_SEARCH=http://127.0.0.1:{elasticsearch}\n" in printed
    assert "development" in printed
    assert {one["state"] for one in first.values()} == {"up"}
    assert all(one["memory_bytes"] > 50_000_000 and one["data_bytes"] > 0 for one in first.values())
    assert again.count("was up already") == 2
    assert f"127.0.0.1:{kafka}" in again
    assert only == [
        {**first["kafka"], "memory_bytes": only[0]["memory_bytes"], "data_bytes": only[0]["data_bytes"]}
    ]
    assert str(first["kafka"]["pid"]) in table
    assert (kafka_down["kafka"]["state"], kafka_down["elasticsearch"]["state"]) == ("down", "up")
    assert [(one["state"], one["pid"], one["data_bytes"]) for one in last.values()] == [("down", None, 0)] * 2
    assert "was not up" in news("down", data_dir=folder)


def test_a_taken_port_is_wrong_usage_and_names_who_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        with pytest.raises(ConfigurationError) as told:
            news("up", "--only", "kafka", "--kafka-port", port, data_dir=tmp_path)

    assert exit_code(told.value) == 2
    assert f"port {port}, which Kafka needs, is taken by process {os.getpid()} " in str(told.value)


def test_a_server_that_refuses_its_settings_shows_the_end_of_its_log(tmp_path: Path) -> None:
    port = ("--elasticsearch-port", str(free_port()))
    with pytest.raises(Stop, match=r"(?s)did not start\.\nThe end of .*no\.such\.setting"):
        news(
            "up",
            "--only",
            "elasticsearch",
            *port,
            "--set",
            "elasticsearch:no.such.setting=1",
            data_dir=tmp_path,
        )


def test_a_changed_jar_of_the_cache_would_be_refused(tmp_path: Path) -> None:
    kit = kafka_kit()
    for jar in (kit / "lib").iterdir():
        (tmp_path / jar.name).symlink_to(jar)
    jars.check("kafka", tmp_path)
    changed = next(tmp_path.glob("kafka-clients-*.jar"))
    content = changed.read_bytes()
    changed.unlink()
    changed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    with pytest.raises(Stop, match=rf"{changed.name} has the SHA-256 "):
        jars.check("kafka", tmp_path)


@pytest.mark.parametrize("required", ["", "1"])
def test_without_maven_tests_are_left_out_loudly_or_fail(tmp_path: Path, required: str) -> None:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "M2_", "MAVEN"))
    }
    environment = {
        **kept,
        "PATH": str(tmp_path),
        "NEWS_STACK_CACHE": str(tmp_path),
        "NEWS_REQUIRE_SERVERS": required,
    }
    test = f"{Path(__file__).relative_to(ROOT)}::test_a_frozen_broker_answers_again_when_it_is_thawed"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "0", test],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert "Maven is not found: install it" in run.stdout
    assert test in run.stdout
    assert run.returncode == (1 if required else 0), run.stdout + run.stderr
    assert ("NOT RUN: 1 TEST" in run.stdout) is not bool(required)


@pytest.fixture(scope="module")
def broker(module_kafka: Callable[..., KafkaServer]) -> KafkaServer:
    return module_kafka()


@ONE_WORKER
def test_records_outlive_a_kill_of_the_broker(broker: KafkaServer) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    admin.create_topics(
        {"kept": {"num_partitions": 1, "replication_factor": 1, "configs": {"max.message.bytes": "16777216"}}}
    )
    admin.close()
    producer = KafkaProducer(bootstrap_servers=broker.address, max_request_size=2**24)
    producer.send("kept", RECORD).get(30)
    producer.close()
    first = broker.pid
    broker.kill()
    broker.start()
    consumer = KafkaConsumer("kept", bootstrap_servers=broker.address, auto_offset_reset="earliest")
    records = [record.value for batch in consumer.poll(30_000).values() for record in batch]
    consumer.close()

    assert broker.pid not in {first, None}
    assert records == [RECORD]


@ONE_WORKER
def test_topics_are_not_made_by_asking_for_them(broker: KafkaServer) -> None:
    consumer = KafkaConsumer("never-made", bootstrap_servers=broker.address)
    consumer.poll(500)
    topics = consumer.topics()
    consumer.close()

    assert "never-made" not in topics


@ONE_WORKER
def test_a_frozen_broker_answers_again_when_it_is_thawed(broker: KafkaServer) -> None:
    broker.freeze()
    frozen = broker.answers()
    broker.thaw()
    broker.wait()

    assert not frozen
    assert broker.answers()


def test_documents_outlive_a_kill_of_the_node(own_elasticsearch: Callable[..., ElasticsearchServer]) -> None:
    node = own_elasticsearch(heap_mib=384)
    httpx.put(f"{node.url}/kept/_doc/1", json={"a": 1}).raise_for_status()
    node.kill()
    node.restart()
    found = httpx.get(f"{node.url}/kept/_doc/1").json()

    assert found["_source"] == {"a": 1}


def test_the_node_says_what_it_is(elasticsearch_url: str) -> None:
    answer = httpx.get(elasticsearch_url)

    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    assert answer.json()["version"]["number"] == ElasticsearchServer.version
    assert httpx.head(elasticsearch_url).status_code == 200


@pytest.fixture
def index(elasticsearch_url: str) -> Iterator[str]:
    """An index by the template of the articles."""
    url = f"{elasticsearch_url}/stack-{time.time_ns()}"
    httpx.put(url, json=template()["template"], timeout=30).raise_for_status()
    yield url
    httpx.delete(url, timeout=30)


def tokens(url: str, **how: Any) -> list[str]:
    answer = httpx.post(f"{url}/_analyze", json=how).raise_for_status()
    return [token["token"] for token in answer.json()["tokens"]]


def test_the_node_takes_the_template_of_the_articles(index: str) -> None:
    assert tokens(index, analyzer="folded", text="L'Économie 東京都 ＡＢＣ") == [
        "l",
        "economie",
        "東京",
        "京都",
        "abc",
    ]
    assert tokens(index, analyzer="stem_de", text="Häuser") == tokens(index, analyzer="stem_de", text="Haus")
    assert tokens(index, analyzer="stem_ar", text="الكتب") == ["كتب"]
    assert tokens(index, normalizer="folded", text="É ＡB") == ["e ab"]


@pytest.mark.parametrize(
    ("analyzer", "text", "expected"),
    [
        ("arabic", "الكتب", ["كتب"]),
        ("cjk", "東京都", ["東京", "京都"]),
        ("english", "The running houses", ["run", "hous"]),
        ("french", "les maisons", ["maison"]),
        ("german", "die Häuser", ["haus"]),
        ("italian", "le lezioni", ["lezion"]),
        ("portuguese", "as casas", ["casa"]),
        ("russian", "в домах", ["дом"]),
        ("spanish", "las casas", ["cas"]),
    ],
)
def test_the_node_knows_the_languages(
    elasticsearch_url: str, analyzer: str, text: str, expected: list[str]
) -> None:
    assert tokens(elasticsearch_url, analyzer=analyzer, text=text) == expected
