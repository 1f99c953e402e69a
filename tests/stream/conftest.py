"""Worlds to run a service in: on files, and on real servers."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from tests.clusters import cleaned
from tests.stream.service import World

BOTH = ["embedded", pytest.param("servers", marks=pytest.mark.servers)]


@pytest.fixture
def embedded(tmp_path: Path) -> World:
    return World(tmp_path / "data", {})


@pytest.fixture(params=BOTH)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "embedded":
        yield World(tmp_path / "data", {})
        return
    name = f"stream-{uuid4().hex[:12]}"
    elasticsearch = request.getfixturevalue("elasticsearch_url")
    environment = {
        "NEWS_BROKER": request.getfixturevalue("kafka_url"),
        "NEWS_SEARCH": elasticsearch,
        "NEWS_KAFKA__PREFIX": f"{name}.",
        "NEWS_ELASTICSEARCH__PREFIX": f"{name}-",
    }
    with ExitStack() as afterwards:
        for index in ("news-articles", "news-rejected"):
            afterwards.enter_context(cleaned(elasticsearch, f"{name}-{index}"))
        yield World(tmp_path / "data", environment)
