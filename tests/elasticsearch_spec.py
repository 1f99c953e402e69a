"""Elastic's published specification of the REST interface, and a check of what is sent against it."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from zipfile import ZipFile

import pytest
from elastic_transport import Urllib3HttpNode
from filelock import FileLock

VERSION = "9.5.3"
SHA256 = "6c97a34999582c5992496f8f4b208132d12be366a09fa8491d1d69652e88d866"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"


class Operation(NamedTuple):
    """One documented way to ask."""

    name: str
    method: str
    path: re.Pattern[str]
    literals: int
    parameters: frozenset[str]


@contextmanager
def only_documented_requests() -> Iterator[list[str]]:
    """Note every request that the client sends in this block; fail at its end if one is not documented."""
    sent: set[tuple[str, str]] = set()
    perform = Urllib3HttpNode.perform_request

    def note(self: Urllib3HttpNode, method: str, target: str, *args: Any, **options: Any) -> Any:
        sent.add((method, target))
        return perform(self, method, target, *args, **options)

    found: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Urllib3HttpNode, "perform_request", note)
        yield found
    found += sorted({documented(method, target) for method, target in sent})


def documented(method: str, target: str) -> str:
    """The name of the operation that a request is. Fails where there is none, or it has no such parameter."""
    parts = urlsplit(target)
    path = unquote(parts.path)
    matching = [one for one in operations() if one.method == method and one.path.fullmatch(path)]
    assert matching, f"{method} {path} is not in the specification"
    operation = max(matching, key=lambda one: one.literals)
    unknown = set(parse_qs(parts.query, keep_blank_values=True)) - operation.parameters
    assert not unknown, f"{operation.name} has no parameters {sorted(unknown)}"
    return operation.name


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of the specification."""
    with ZipFile(_jar()) as jar:
        common = set(json.loads(jar.read("rest-api-spec/api/_common.json"))["params"])
        names = [name for name in jar.namelist() if re.fullmatch(r"rest-api-spec/api/[^_]\S*\.json", name)]
        return tuple(one for name in names for one in _operations(json.loads(jar.read(name)), common))


def _operations(found: dict[str, Any], common: set[str]) -> Iterator[Operation]:
    ((name, api),) = found.items()
    parameters = frozenset(common | set(api.get("params", {})))
    for url in api["url"]["paths"]:
        literal = re.split(r"\{[a-z_]+\}", url["path"])
        pattern = re.compile("[^_/][^/]*".join(map(re.escape, literal)))
        for method in url["methods"]:
            yield Operation(name, method, pattern, len("".join(literal)), parameters)


def _jar() -> Path:
    """The specification, from the cache or the Maven repository."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("NEWS_STACK_CACHE") or Path(home) / "news-ingestion" / "stack")
    jar = folder / f"rest-api-spec-{VERSION}.jar"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "rest-api-spec.lock"):
        if not jar.exists():
            _fetch(jar)
    assert sha256(jar.read_bytes()).hexdigest() == SHA256, f"{jar} is not the file it should be; remove it"
    return jar


def _fetch(jar: Path) -> None:
    maven = shutil.which("mvn")
    assert maven, "Maven is needed to fetch the specification: install maven"
    with tempfile.TemporaryDirectory(dir=jar.parent) as folder:
        artifact = f"-Dartifact=org.elasticsearch:rest-api-spec:{VERSION}"
        subprocess.run(
            [maven, "-B", "-q", "-C", COPY, artifact, f"-DoutputDirectory={folder}"], check=True, timeout=120
        )
        (Path(folder) / jar.name).replace(jar)
