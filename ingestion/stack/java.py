"""Finds Java and Maven on this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingestion.errors import ConfigurationError

INSTALLED = ("/usr/lib/jvm/*", "/Library/Java/JavaVirtualMachines/*/Contents/Home")
"""Where packages of Linux distributions and of macOS put Java."""

VARIABLE = re.compile(r"JAVA_HOME|JAVA_\w*_?HOME\w*")
VERSION = re.compile(r'version "?(\d+(?:\.\d+)*)')
RELEASE = re.compile(r'^JAVA_VERSION="?(\d+(?:\.\d+)*)', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Java:
    """An installation of Java."""

    home: Path
    version: tuple[int, ...]

    @property
    def java(self) -> Path:
        """The virtual machine."""
        return self.home / "bin" / "java"

    @property
    def javac(self) -> Path:
        """The compiler; only a JDK has it."""
        return self.home / "bin" / "javac"

    @property
    def release(self) -> int:
        """The number by which a release is known: 8 for 1.8."""
        return self.version[1] if self.version[0] == 1 else self.version[0]


def find_java(
    minimum: int,
    *,
    compiler: bool = False,
    environ: Mapping[str, str] = os.environ,
    installed: Sequence[str] = INSTALLED,
) -> Java:
    """Find the newest Java of at least a release, with a compiler if one is needed.

    Raises `ConfigurationError`, which says what to install.
    """
    found = [java for home in _homes(environ, installed) if (java := _java_at(home))]
    fitting = [java for java in found if java.release >= minimum and (java.javac.is_file() or not compiler)]
    if not fitting:
        raise ConfigurationError(_missing(minimum, found, compiler=compiler))
    return max(fitting, key=lambda java: java.version)


def find_maven(*, environ: Mapping[str, str] = os.environ) -> Path:
    """Find Maven. Raises `ConfigurationError`, which says what to install."""
    homes = (environ[name] for name in ("MAVEN_HOME", "M2_HOME") if environ.get(name))
    path = os.pathsep.join([*(str(Path(home) / "bin") for home in homes), environ.get("PATH", "")])
    if found := shutil.which("mvn", path=path):
        return Path(found)
    raise ConfigurationError(
        "Maven is not found: install it (the package `maven` of most systems) "
        "so that `mvn` is on the PATH, or set MAVEN_HOME"
    )


def _missing(minimum: int, found: Sequence[Java], *, compiler: bool) -> str:
    wanted = f"a JDK of Java {minimum} or newer" if compiler else f"Java {minimum} or newer"
    versions = sorted({java.release for java in found})
    seen = f" (found only Java {', '.join(map(str, versions))})" if versions else ""
    lacks = ", with its compiler" if compiler and any(v >= minimum for v in versions) else ""
    return f"{wanted} is not found{seen}: install one{lacks}, or set JAVA_HOME to where it is"


def _homes(environ: Mapping[str, str], installed: Sequence[str]) -> Iterator[Path]:
    seen: set[Path] = set()
    for home in _candidates(environ, installed):
        resolved = home.resolve()
        if resolved not in seen:
            seen.add(resolved)
            yield resolved


def _candidates(environ: Mapping[str, str], installed: Sequence[str]) -> Iterator[Path]:
    for name, value in environ.items():
        if VARIABLE.fullmatch(name) and value:
            yield Path(value)
    if on_path := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(on_path).resolve().parent.parent
    for pattern in installed:
        yield from Path("/").glob(pattern.removeprefix("/"))


def _java_at(home: Path) -> Java | None:
    if not (home / "bin" / "java").is_file():
        return None
    version = _written_version(home / "release") or _told_version(home / "bin" / "java")
    return Java(home=home, version=version) if version else None


def _written_version(release: Path) -> tuple[int, ...] | None:
    if not release.is_file():
        return None
    return _numbers(RELEASE.search(release.read_text(encoding="utf-8", errors="replace")))


def _told_version(java: Path) -> tuple[int, ...] | None:
    """Ask the virtual machine; some installations have no `release` file."""
    try:
        asked = subprocess.run(  # noqa: S603 - the program is the one that was found
            [java, "-version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return _numbers(VERSION.search(asked.stderr + asked.stdout))


def _numbers(found: re.Match[str] | None) -> tuple[int, ...] | None:
    return tuple(int(part) for part in found[1].split(".")) if found else None
