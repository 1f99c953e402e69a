"""Which tests need real servers, what becomes of them where Java or Maven is missing, and servers to kill."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ingestion.stack.kits import missing_tools
from ingestion.stack.server import Server
from tests.lease import leased

S = TypeVar("S", bound=Server)

FIXTURES = frozenset(
    {
        "kafka_url",
        "elasticsearch_url",
        "own_kafka",
        "own_elasticsearch",
        "module_kafka",
        "module_elasticsearch",
    }
)
"""Whoever asks for one of them needs servers, and is marked so."""

QUICK: Mapping[str, Any] = {"quick_start": True}
"""A test is over before a virtual machine has compiled all that it would."""

LEFT_OUT = "real servers cannot be started here: "
REQUIRED = "NEWS_REQUIRE_SERVERS"
"""Set to 1 where a test must rather fail than be left out."""


@cache
def reasons() -> Sequence[str]:
    """Why no server can be started here, in sentences that say what to install."""
    return missing_tools()


def require_servers() -> None:
    """Leave a test out where servers cannot be started, or let it fail if they are required."""
    if not reasons():
        return
    message = LEFT_OUT + "; ".join(reasons())
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def left_out(skipped: Sequence[Any]) -> Mapping[str, Sequence[str]]:
    """Sort the skipped tests that wanted servers by what was missing."""
    found: dict[str, list[str]] = {}
    for report in skipped:
        _, marker, reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else "").partition(
            LEFT_OUT
        )
        if marker:
            found.setdefault(reason, []).append(report.nodeid)
    return found


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Give the temporary folder that all workers of this run have in common."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def factory(kind: type[S], folder: Path) -> Iterator[Callable[..., S]]:
    """Start as many servers as a test asks for, each with its own data; they end with the test."""
    require_servers()
    with ExitStack() as running:

        def start(**options: Any) -> S:
            number = sum(1 for _ in folder.iterdir())
            server = running.enter_context(leased(kind(folder / str(number), **{**QUICK, **options})))
            running.callback(server.kill)
            return server

        yield start
