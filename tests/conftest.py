"""Real servers for tests: one of each for the whole run, and as many to kill as a test asks for.

`kafka_url`, `elasticsearch_url`: the shared ones; make topics and indices of your own on them.
`own_kafka`, `own_elasticsearch`: `own_kafka()` starts a `KafkaServer` of the test alone; `module_kafka` and
`module_elasticsearch` do so for the tests of a file.
"""

from collections.abc import Callable, Iterator

import pytest

from ingestion.stack.elasticsearch import ElasticsearchServer
from ingestion.stack.kafka import KafkaServer
from tests import servers
from tests.lease import leased

SHARED_ELASTICSEARCH_HEAP_MIB = 768


@pytest.fixture(scope="session")
def kafka_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    servers.require_servers()
    folder = servers.shared_folder(tmp_path_factory) / "kafka"
    with leased(KafkaServer(folder, quick_start=True)) as server:
        yield server.url


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    servers.require_servers()
    folder = servers.shared_folder(tmp_path_factory) / "elasticsearch"
    server = ElasticsearchServer(folder, heap_mib=SHARED_ELASTICSEARCH_HEAP_MIB, quick_start=True)
    with leased(server):
        yield server.url


@pytest.fixture
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., KafkaServer]]:
    with servers.factory(KafkaServer, tmp_path_factory.mktemp("own-kafka")) as start:
        yield start


@pytest.fixture
def own_elasticsearch(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., ElasticsearchServer]]:
    with servers.factory(ElasticsearchServer, tmp_path_factory.mktemp("own-elasticsearch")) as start:
        yield start


@pytest.fixture(scope="module")
def module_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., KafkaServer]]:
    with servers.factory(KafkaServer, tmp_path_factory.mktemp("module-kafka")) as start:
        yield start


@pytest.fixture(scope="module")
def module_elasticsearch(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., ElasticsearchServer]]:
    with servers.factory(ElasticsearchServer, tmp_path_factory.mktemp("module-elasticsearch")) as start:
        yield start


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if servers.FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.servers)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("servers"):
        servers.require_servers()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for reason, tests in servers.left_out(terminalreporter.getreports("skipped")).items():
        plural = "" if len(tests) == 1 else "S"
        terminalreporter.section(f"NOT RUN: {len(tests)} TEST{plural}", sep="!", red=True, bold=True)
        terminalreporter.line("They need a real Kafka or Elasticsearch, which cannot be started here:")
        for sentence in reason.split("; "):
            terminalreporter.line(f"  {sentence}", yellow=True)
        terminalreporter.line(f"Set {servers.REQUIRED}=1 to let them fail instead. Not run:")
        for test in sorted(tests):
            terminalreporter.line(f"  {test}")
