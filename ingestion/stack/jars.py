"""Fetches the jars of a server with Maven, and holds them to the digests of `jars.lock`."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ingestion.errors import Stop, Unavailable
from ingestion.stack.java import find_java, find_maven
from ingestion.stack.parts import LOCK, POM

FETCH_SECONDS = 900
SHOWN_LINES = 15


def fetch(server: str, folder: Path, *, lock: Path = LOCK) -> None:
    """Fetch the jars of a server into a folder and check each.

    Raises `Unavailable` where Maven cannot reach them, `Stop` where one is not the locked one, and
    `ConfigurationError` where Maven or Java is missing.
    """
    download(server, folder)
    check(server, folder, lock=lock)


def download(server: str, folder: Path) -> None:
    """Let Maven fetch; it checks the checksums that lie beside the jars (`-C`)."""
    command: list[str | Path] = [
        find_maven(),
        *("--batch-mode", "--quiet", "--no-transfer-progress", "--strict-checksums"),
        *("--file", POM, "--activate-profiles", server),
        f"-DoutputDirectory={folder}",
        "dependency:copy-dependencies",
    ]
    environment = {**os.environ, "JAVA_HOME": str(find_java(17).home)}
    try:
        done = subprocess.run(  # noqa: S603 - Maven and arguments of ours
            command, env=environment, capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"Maven did not fetch {server} within {FETCH_SECONDS} s") from error
    if done.returncode != 0:
        told = "\n".join((done.stdout + done.stderr).strip().splitlines()[:SHOWN_LINES])
        raise Unavailable(f"Maven could not fetch the jars of {server}:\n{told}")


def check(server: str, folder: Path, *, lock: Path = LOCK) -> None:
    """Hold the jars of a folder to the lock. Raises `Stop`, naming each that differs."""
    locked, found = read_lock(lock)[server], digests(folder)
    wrong = [
        *(f"{name} is not in the lock" for name in sorted(found.keys() - locked.keys())),
        *(f"{name} is missing" for name in sorted(locked.keys() - found.keys())),
        *(
            f"{name} has the SHA-256 {found[name]}, the lock says {locked[name]}"
            for name in sorted(locked.keys() & found.keys())
            if found[name] != locked[name]
        ),
    ]
    if wrong:
        raise Stop(
            f"the jars of {server} are not the ones that were locked, and are not used:\n  "
            + "\n  ".join(wrong)
            + f"\nIf you changed a version in {POM.name}, make the lock again (docs/stack.md); "
            "if not, somebody else changed a jar."
        )


def digests(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of each jar of a folder."""
    found = {}
    for jar in sorted(folder.glob("*.jar")):
        with jar.open("rb") as file:
            found[jar.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def read_lock(lock: Path = LOCK) -> dict[str, dict[str, str]]:
    """Read lines of `DIGEST  SERVER/JAR`, as `sha256sum` writes them."""
    servers: dict[str, dict[str, str]] = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        sha256, _, path = line.partition("  ")
        server, _, jar = path.partition("/")
        servers.setdefault(server, {})[jar] = sha256
    return servers


def write_lock(found: Mapping[str, Mapping[str, str]], lock: Path = LOCK) -> None:
    """Write the lock."""
    lines = [
        f"{sha256}  {server}/{jar}\n"
        for server, jars in found.items()
        for jar, sha256 in sorted(jars.items())
    ]
    lock.write_text("".join(lines), encoding="utf-8")
