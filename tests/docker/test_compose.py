"""The compose files, by the Compose Specification's schema and by rules of our own."""

import importlib.util
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml  # type: ignore[import-untyped]
from pydantic import BaseModel

from ingestion.cli import app
from ingestion.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
MAIN = "compose.yaml"
FILES = sorted(path.name for path in DOCKER.glob("compose*.yaml"))
OVERRIDES = [name for name in FILES if name != MAIN]
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z][A-Z0-9_]*)(?::([-?])([^}]*))?\}")
EXACT = re.compile(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z0-9.]+)?")


def text_of(name: str) -> str:
    return (DOCKER / name).read_text(encoding="utf-8")


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text_of(name))
    return found


COMPOSE = loaded(MAIN)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ALL_SERVICES = SERVICES | {
    name: service
    for override in OVERRIDES
    for name, service in loaded(override)["services"].items()
    if name not in SERVICES
}
ONE_SHOT = {name for name, service in ALL_SERVICES.items() if service["restart"].startswith("on-failure")}
LONG_RUNNING = sorted(set(ALL_SERVICES) - ONE_SHOT)
EXAMPLE = dict(
    line.split("=", 1) for line in text_of(".env.example").splitlines() if line and not line.startswith("#")
)


def has_health_check(name: str) -> bool:
    check = ALL_SERVICES[name].get("healthcheck", {})
    return bool(check.get("test")) and not check.get("disable")


def variables() -> list[tuple[str, str, str]]:
    return [found for name in FILES for found in VARIABLE.findall(text_of(name))]


def settings_variables(model: type[BaseModel], prefix: str) -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= settings_variables(field.annotation, f"{prefix}{name.upper()}__")
        else:
            found.add(f"{prefix}{name.upper()}")
    return found


def environments() -> dict[str, set[str]]:
    return {
        f"{file}: {name}": set(service.get("environment", {}))
        for file in FILES
        for name, service in loaded(file)["services"].items()
    }


@pytest.mark.parametrize("name", FILES)
def test_a_file_keeps_to_the_compose_specification(name: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*command, str(DOCKER / name)], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", ALL_SERVICES)
def test_an_image_is_an_exact_version(name: str) -> None:
    assert EXACT.fullmatch(ALL_SERVICES[name]["image"])


def test_our_image_has_the_version_of_the_project() -> None:
    from ingestion import __version__

    ours = {s["image"] for s in ALL_SERVICES.values() if s["image"].startswith("news-ingestion:")}
    labelled = re.search(r"^ARG VERSION=(\S+)$", text_of("Dockerfile"), re.MULTILINE)

    assert ours == {f"news-ingestion:{__version__}"}
    assert labelled
    assert labelled[1] == __version__


def test_kibana_is_of_the_version_of_elasticsearch() -> None:
    tags = {SERVICES[name]["image"].partition(":")[2] for name in ("elasticsearch", "accounts", "kibana")}

    assert len(tags) == 1


@pytest.mark.parametrize("name", ["kafka", "elasticsearch"])
def test_a_server_is_of_the_version_that_the_tests_run(name: str) -> None:
    pom = (ROOT / "ingestion" / "stack" / "java" / "pom.xml").read_text(encoding="utf-8")
    tested = re.search(rf"<{name}\.version>([^<]+)<", pom)

    assert tested
    assert SERVICES[name]["image"].endswith(f":{tested[1]}")


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_what_runs_for_long_has_a_health_check(name: str) -> None:
    assert has_health_check(name)


@pytest.mark.parametrize("name", ALL_SERVICES)
def test_a_service_can_do_no_more_than_it_must(name: str) -> None:
    service = ALL_SERVICES[name]

    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert not service.get("privileged")
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]


def test_nothing_but_the_maker_of_certificates_is_root() -> None:
    roots = {name for name, service in ALL_SERVICES.items() if str(service.get("user", "")).startswith("0")}

    assert roots == {"certificates"}
    assert SERVICES["certificates"]["network_mode"] == "none"


@pytest.mark.parametrize("name", [n for n, s in ALL_SERVICES.items() if s["image"].startswith("news-")])
def test_our_containers_cannot_change_themselves(name: str) -> None:
    assert ALL_SERVICES[name]["read_only"] is True


@pytest.mark.parametrize("name", FILES)
def test_ports_are_published_on_loopback_only(name: str) -> None:
    for service in loaded(name)["services"].values():
        for port in service.get("ports", []):
            assert re.fullmatch(r"127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+", port)


def test_the_data_plane_has_no_way_out() -> None:
    assert COMPOSE["networks"]["data"]["internal"] is True
    assert {name for name, s in SERVICES.items() if "edge" in s.get("networks", [])} == {
        "airflow-api-server",
        "airflow-worker",
        "kibana",
        "web",
    }


def test_variables_are_those_of_the_example() -> None:
    assert {name for name, _, _ in variables()} == set(EXAMPLE)


def test_a_variable_without_a_value_stops_with_a_message_or_has_a_default() -> None:
    for name, operator, rest in variables():
        assert operator, f"{name} has neither"
        assert rest


def test_defaults_are_those_of_the_example() -> None:
    for name, operator, rest in variables():
        if operator == "-":
            assert EXAMPLE[name] == rest


def test_every_variable_of_the_example_is_explained() -> None:
    lines = text_of(".env.example").splitlines()
    unexplained = [
        line for before, line in pairwise(lines) if "=" in line and line[0] != "#" and before[:1] != "#"
    ]

    assert unexplained == []


@pytest.mark.parametrize(("where", "names"), environments().items())
def test_settings_exist(where: str, names: set[str]) -> None:
    del where
    known = settings_variables(Settings, "NEWS_")
    secrets = {"NEWS_DATABASE_PASSWORD"}  # the database server's own

    assert {name for name in names if name.startswith("NEWS_")} - secrets <= known


def test_options_of_airflow_exist() -> None:
    named = {name for names in environments().values() for name in names if name.startswith("AIRFLOW__")}

    assert named - options_of_airflow() == OPTIONS_OF_CELERY


OPTIONS_OF_CELERY = {
    "AIRFLOW__CELERY__BROKER_URL",
    "AIRFLOW__CELERY__RESULT_BACKEND",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT",
}
"""Described by a provider that only the image holds."""


def options_of_airflow() -> set[str]:
    found = importlib.util.find_spec("airflow")
    assert found
    [folder] = found.submodule_search_locations or []
    described = (Path(folder) / "config_templates" / "config.yml").read_text(encoding="utf-8")
    return {
        f"AIRFLOW__{section}__{option}".upper()
        for section, what in yaml.load(described, Loader=yaml.CSafeLoader).items()
        for option in what["options"]
    }


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_for_what_the_others_can_show(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert has_health_check(needed)
        else:
            assert how["condition"] == "service_completed_successfully"
            assert needed in ONE_SHOT


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_waits_for_every_server_that_it_is_pointed_at(name: str) -> None:
    service = SERVICES[name]
    own = {k: v for k, v in service.get("environment", {}).items() if not k.startswith("KAFKA_")}
    hosts = set(re.findall(r"(?:@|://)([a-z][a-z-]*)(?=[:/]|$)", "\n".join(str(v) for v in own.values())))
    waited = set(service.get("depends_on", {}))
    for host in hosts & set(SERVICES):
        if (name, host) not in NOT_AT_ITS_START:
            assert host in waited | {name}


NOT_AT_ITS_START = {
    ("airflow-init", "airflow-api-server"),
    ("airflow-init", "valkey"),
    ("airflow-scheduler", "airflow-api-server"),
    ("airflow-dag-processor", "airflow-api-server"),
    ("airflow-triggerer", "airflow-api-server"),
}
"""Services that know the address of another and do without it until there is work."""


def test_nobody_waits_in_a_circle() -> None:
    def reached(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " → ".join((*above, name))
        for needed in SERVICES[name].get("depends_on", {}):
            reached(needed, (*above, name))

    for name in SERVICES:
        reached(name, ())


def test_volumes_and_networks_are_declared_and_used() -> None:
    volumes = {
        mount.partition(":")[0]
        for s in SERVICES.values()
        for mount in s.get("volumes", [])
        if isinstance(mount, str)
    }
    networks = {network for s in SERVICES.values() for network in s.get("networks", [])}

    assert {name for name in volumes if not name.startswith(".")} == set(COMPOSE["volumes"])
    assert networks == set(COMPOSE["networks"])


def test_what_is_mounted_from_the_repository_is_there() -> None:
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            if isinstance(mount, str) and mount.startswith("."):
                source, _, mode = mount.split(":")
                assert (DOCKER / source).is_dir()
                assert mode == "ro"


@pytest.mark.parametrize("name", [n for n, s in ALL_SERVICES.items() if s.get("command", [""])[0] == "news"])
def test_a_command_of_ours_exists_with_its_options(name: str) -> None:
    _, command, *arguments = ALL_SERVICES[name]["command"]
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert command in known
    options = {option for parameter in known[command].params for option in parameter.opts}

    assert {argument for argument in arguments if argument.startswith("--")} <= options


@pytest.mark.parametrize("name", OVERRIDES)
def test_an_override_changes_services_that_exist_or_brings_whole_ones(name: str) -> None:
    for service_name, service in loaded(name)["services"].items():
        assert service_name in SERVICES or "image" in service
