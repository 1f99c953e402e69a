from pathlib import Path

import pytest

from ingestion.errors import ConfigurationError
from ingestion.stack.java import find_java, find_maven


def installed(home: Path, version: str, *, compiler: bool = True, release_file: bool = True) -> Path:
    """An installation whose virtual machine only tells its version, on standard error as a real one."""
    (home / "bin").mkdir(parents=True)
    program(home / "bin" / "java", f"echo 'openjdk version \"{version}\" 2026-01-20' >&2")
    if compiler:
        program(home / "bin" / "javac", "exit 0")
    if release_file:
        (home / "release").write_text(f'IMPLEMENTOR="X"\nJAVA_VERSION="{version}"\n')
    return home


def program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def test_nothing_installed_is_told_with_what_to_install() -> None:
    with pytest.raises(
        ConfigurationError, match="Java 17 or newer is not found: install one, or set JAVA_HOME"
    ):
        find_java(17, environ={}, installed=())


def test_the_newest_wins_wherever_it_was_found(tmp_path: Path) -> None:
    environ = {
        "JAVA_HOME": str(installed(tmp_path / "home", "17.0.15")),
        "JAVA_25_HOME": str(installed(tmp_path / "variable", "25.0.3")),
        "JAVA_HOME_21_X64": str(installed(tmp_path / "runner", "21.0.9")),
        "PATH": str(installed(tmp_path / "path", "9.0.4") / "bin"),
    }
    installed(tmp_path / "jvm" / "java-24", "24.0.1")
    found = find_java(17, environ=environ, installed=[f"{tmp_path}/jvm/*"])

    assert (found.release, found.home) == (25, tmp_path / "variable")


def test_versions_are_compared_as_numbers(tmp_path: Path) -> None:
    for name, version in (("a", "9.0.4"), ("b", "17.0.9"), ("c", "17.0.15"), ("d", "1.8.0_402")):
        installed(tmp_path / name, version)

    assert find_java(8, environ={}, installed=[f"{tmp_path}/*"]).home == tmp_path / "c"


def test_java_8_is_known_by_its_old_name(tmp_path: Path) -> None:
    environ = {"JAVA_HOME": str(installed(tmp_path / "old", "1.8.0_402"))}

    with pytest.raises(ConfigurationError, match=r"Java 17 or newer is not found \(found only Java 8\)"):
        find_java(17, environ=environ, installed=())


def test_an_installation_without_a_release_file_is_asked(tmp_path: Path) -> None:
    environ = {"JAVA_HOME": str(installed(tmp_path / "bare", "21.0.1", release_file=False))}

    assert find_java(21, environ=environ, installed=()).version == (21, 0, 1)


def test_java_on_the_path_is_found_behind_its_links(tmp_path: Path) -> None:
    home = installed(tmp_path / "jvm", "25")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")

    assert find_java(17, environ={"PATH": str(tmp_path / "bin")}, installed=()).home == home


def test_a_newer_java_without_a_compiler_gives_way_where_one_is_needed(tmp_path: Path) -> None:
    installed(tmp_path / "jre", "25.0.3", compiler=False)
    installed(tmp_path / "jdk", "21.0.9")
    where = [f"{tmp_path}/*"]

    assert find_java(21, environ={}, installed=where).home == tmp_path / "jre"
    assert find_java(21, compiler=True, environ={}, installed=where).home == tmp_path / "jdk"


def test_a_missing_compiler_is_told(tmp_path: Path) -> None:
    installed(tmp_path / "jre", "25.0.3", compiler=False)

    with pytest.raises(
        ConfigurationError, match=r"a JDK of Java 21 or newer is not found .*with its compiler"
    ):
        find_java(21, compiler=True, environ={}, installed=[f"{tmp_path}/*"])


def test_something_else_called_java_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin" / "java", "exit 1")

    with pytest.raises(ConfigurationError, match="Java 17 or newer is not found: "):
        find_java(17, environ={"JAVA_HOME": str(tmp_path)}, installed=())


def test_a_missing_maven_is_told_with_what_to_install() -> None:
    with pytest.raises(ConfigurationError, match="Maven is not found: install it"):
        find_maven(environ={})


def test_maven_home_goes_before_the_path(tmp_path: Path) -> None:
    for name in ("chosen", "other"):
        (tmp_path / name / "bin").mkdir(parents=True)
        program(tmp_path / name / "bin" / "mvn", "exit 0")
    environ = {"MAVEN_HOME": str(tmp_path / "chosen"), "PATH": str(tmp_path / "other" / "bin")}

    assert find_maven(environ=environ) == tmp_path / "chosen" / "bin" / "mvn"
