"""What the servers are made of: the files shipped here, their pinned versions, and where the jars rest."""

import hashlib
import os
import re
from functools import cache
from pathlib import Path
from string import Template

SHIPPED = Path(__file__).parent
POM = SHIPPED / "java" / "pom.xml"
LOCK = SHIPPED / "jars.lock"
SOURCES = tuple(sorted((SHIPPED / "java").glob("*.java")))
DESCRIPTOR = SHIPPED / "config" / "plugin-descriptor.properties"
SERVERS = ("kafka", "elasticsearch")


@cache
def version(server: str) -> str:
    """The pinned version of a server."""
    found = re.search(rf"<{server}\.version>([^<]+)</", POM.read_text(encoding="utf-8"))
    if not found:
        raise KeyError(server)
    return found[1]


def rendered(name: str, **values: object) -> str:
    """Fill in a file of `config/`."""
    template = (SHIPPED / "config" / name).read_text(encoding="utf-8")
    return Template(template).substitute({key: str(value) for key, value in values.items()})


def digest(*files: Path) -> str:
    """Digest some files, names and contents: whatever is made of them is made anew when they change."""
    sha256 = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        sha256.update(f"{file.name} {len(content)}\n".encode() + content)
    return sha256.hexdigest()


def cache_folder() -> Path:
    """Where fetched servers rest: NEWS_STACK_CACHE, or a folder of the user's own cache."""
    if chosen := os.environ.get("NEWS_STACK_CACHE"):
        return Path(chosen).absolute()
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "news-ingestion" / "stack"
