"""The documents tell of everything there is, lead somewhere, and name nothing of one machine."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

import schemas
from ingestion import __main__, __version__, errors, topics
from ingestion.article import Outcome
from ingestion.cli import app
from ingestion.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
OWN_FOLDERS = ("docs", "ingestion", "schemas", "expectations", "dags", "tests")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(path for folder in OWN_FOLDERS for path in (ROOT / folder).rglob("*.md"))]
)
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
DAGS = sorted(path for path in (ROOT / "dags").glob("*.py") if path.stem != "news_shared")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
WEB = ("http://", "https://", "mailto:")
REGISTRIES = re.compile(
    r"pypi|pythonhosted|npmjs|docker\.io|ghcr\.io|quay\.io|gcr\.io|artifactory|nexus", re.IGNORECASE
)
MACHINE_PATH = re.compile(r"(?<![\w.:/}*-])/(?:home|root|work|tmp|usr|var|opt|etc|mnt|srv|Users)/|\b[A-Z]:\\")


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def everything() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)


def section(name: str, heading: str) -> str:
    """The text under a heading, up to the next heading of the same or a higher level."""
    found = re.search(rf"^(#+) {re.escape(heading)}\n", text_of(name), re.MULTILINE)
    assert found, f"{name} has no heading {heading!r}"
    rest = text_of(name)[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def row_of(name: str, first_cell: str) -> list[str]:
    """The cells of the table row whose first cell is this."""
    for line in text_of(name).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] == first_cell:
            return cells
    pytest.fail(f"{name} has no row {first_cell}")


KINDS: dict[Any, str] = {
    Path: "path",
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    SecretStr: "secret",
}
PLACED = load_settings(
    data_dir=Path("data"), broker="", search="", lake="", state="", exports=Path(), data_docs=Path()
)
"""The settings as they are where nothing is set: where each part lies follows from the data folder."""


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    for child_name, child in getattr(command, "commands", {}).items():
        yield f"{name} {child_name}", child
        yield from commands(child, f"{name} {child_name}")


COMMANDS = dict(commands(typer.main.get_command(app), "news"))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_described_with_its_options(name: str) -> None:
    described = section("docs/commands.md", f"`{name}`")
    options = [option for parameter in COMMANDS[name].params for option in parameter.opts if option[0] == "-"]

    assert [option for option in options if option not in described] == []


def test_no_command_is_described_that_does_not_exist() -> None:
    headings = re.findall(r"^### `(news [^`]+)`", text_of("docs/commands.md"), re.MULTILINE)

    assert sorted(headings) == sorted(COMMANDS)


def test_commands_in_the_documents_exist() -> None:
    known = {name.split()[1] for name in COMMANDS}
    used = set(re.findall(r"(?:^|`|bin/|&& )news ([a-z]+)\b", everything(), re.MULTILINE))

    assert used <= known


@pytest.mark.parametrize("code", [__main__.STOPPED, __main__.WRONG_USAGE, __main__.TRY_AGAIN, 0])
def test_every_exit_code_is_described(code: int) -> None:
    assert row_of("docs/commands.md", str(code))[1]


def settings_rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings_rows(field.annotation, f"{prefix}{name.upper()}__")
        else:
            cells = (f"`{prefix}{name.upper()}`", kind(field), default(name, field), str(field.description))
            yield f"| {' | '.join(cells)} |"


def kind(field: FieldInfo) -> str:
    choices = [choice for choice in get_args(field.annotation) if choice is not NoneType]
    annotation = choices[0] if get_origin(field.annotation) in {UnionType, Union} else field.annotation
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if annotation in KINDS:
        return KINDS[annotation]
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in get_args(annotation))
    return "JSON object" if get_origin(annotation) is dict else "JSON list"


def default(name: str, field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if name == "catalogue":
        return "the sample newsroom"
    if value in ("", Path()):
        value = getattr(PLACED, name, None)
    if value in ((), {}, None):
        return "none"
    return f"`{json.dumps(value) if isinstance(value, bool | tuple) else value}`"


def test_every_setting_is_listed_as_it_is_declared() -> None:
    expected = list(settings_rows(Settings, "NEWS_"))
    listed = [line for line in text_of("docs/settings.md").splitlines() if line.startswith("| `NEWS_")]

    assert listed == expected, "docs/settings.md should have these rows:\n" + "\n".join(expected)


def test_settings_in_the_documents_exist() -> None:
    known = {row.split("`")[1] for row in settings_rows(Settings, "NEWS_")} | {
        "NEWS_AIRFLOW_PORT",
        "NEWS_CATALOGUE_FOLDER",
        "NEWS_CRASH_ALL",
        "NEWS_REQUIRE_SERVERS",
        "NEWS_STACK_CACHE",
    }
    used = set(re.findall(r"\bNEWS_[A-Z]\w*[A-Z]\b", everything()))

    assert used <= known


@pytest.mark.parametrize("topic", topics.topics(7), ids=lambda topic: topic.name)
def test_every_topic_is_described_as_it_is_made(topic: Any) -> None:
    _, _, key, partitions, retention = row_of("docs/architecture.md", f"`{topic.name}`")

    assert key
    assert partitions == ("`NEWS_PARTITIONS`" if topic.partitions == 7 else str(topic.partitions))
    assert retention == f"{topic.retention_seconds // topics.DAY_SECONDS} days"


@pytest.mark.parametrize("dag", DAGS, ids=lambda path: path.stem)
def test_every_dag_and_every_failure_that_it_names_is_in_the_runbook(dag: Path) -> None:
    named = re.findall(r"\*([A-Z][A-Za-z ]+)\*", dag.read_text(encoding="utf-8").replace("**", ""))
    triage = section("docs/runbook.md", f"`{dag.stem}`")

    assert row_of("docs/architecture.md", f"`{dag.stem}`")
    assert named
    assert [failure for failure in named if f"*{failure}*" not in triage] == []


def test_every_make_target_is_mentioned() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", text_of("Makefile"), re.MULTILINE)
    mentioned = set(re.findall(r"\bmake ([a-z-]+)", everything()))

    assert targets
    assert set(targets) <= mentioned


def test_every_outcome_is_described() -> None:
    described = text_of("docs/architecture.md")

    assert [outcome for outcome in Outcome if f"`{outcome}`" not in described] == []


def faults(fault: type[errors.NewsError]) -> Iterator[type[errors.NewsError]]:
    for child in fault.__subclasses__():
        yield child
        yield from faults(child)


FAULTS = sorted(
    {fault for fault in faults(errors.NewsError) if fault.__module__ == errors.__name__},
    key=lambda fault: fault.__name__,
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_every_fault_is_described_and_has_a_line_in_the_runbook(fault: type[errors.NewsError]) -> None:
    assert f"`{fault.__name__}`" in text_of("docs/architecture.md")
    assert fault.__subclasses__() or f"`{fault.__name__}`" in section("docs/runbook.md", "What a fault means")


def test_every_step_is_promised_under_its_number() -> None:
    reached = re.findall(r'reached\("(\w+)\.(\d+)"', text_of("ingestion/pipeline.py"))
    jobs = dict.fromkeys(job for job, _ in reached)
    steps = {job: re.findall(r"^(\d+)\. ", section("docs/promises.md", job), re.MULTILINE) for job in jobs}

    assert steps == {job: [number for name, number in reached if name == job] for job in jobs}


def test_the_layers_are_those_that_are_checked() -> None:
    checked = text_of(".importlinter").split("layers =\n")[1].split("\n\n")[0]

    assert "\n".join(line.strip() for line in checked.splitlines()) in section(
        "docs/architecture.md", "Layers"
    )


def test_every_column_of_the_export_is_described() -> None:
    described = text_of("docs/reading-exports.md")
    columns = [field["name"] for field in schemas.latest("article").schema["fields"]]

    assert [column for column in columns if f"`{column}`" not in described] == []


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}]" in text_of("CHANGELOG.md")


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))


@pytest.mark.parametrize("adr", ADRS, ids=lambda path: path.stem)
def test_a_decision_has_its_four_parts(adr: Path) -> None:
    text = adr.read_text(encoding="utf-8")

    assert text.startswith(f"# {int(adr.name[:4])}. ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == [
        "Context",
        "Decision",
        "Rejected",
        "Consequences",
    ]


def test_every_direct_dependency_has_its_reason() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in declared}
    reasons = re.findall(r"^\| `([\w-]+)` \|", text_of("docs/adr/0013-dependencies.md"), re.MULTILINE)

    assert sorted(reasons) == sorted(names)


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_to_something(document: Path) -> None:
    broken = []
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (document.parent / path) if path else document
        if not link.startswith(WEB) and (not target.exists() or (anchor and anchor not in anchors(target))):
            broken.append(link)

    assert broken == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    linked = {
        (document.parent / link.partition("#")[0]).resolve()
        for document in DOCUMENTS
        for link in LINK.findall(document.read_text(encoding="utf-8"))
        if not link.startswith(WEB)
    }

    assert [
        path.name for path in DOCUMENTS if path.name != "README.md" and path.resolve() not in linked
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_document_names_a_registry_or_a_path_of_one_machine(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    assert REGISTRIES.findall(text) == []
    assert MACHINE_PATH.findall(text) == []


def test_files_named_in_the_documents_exist() -> None:
    named = set(re.findall(r"`((?:ingestion|tests|schemas|expectations|dags|docs)/[\w./-]+)`", everything()))

    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
