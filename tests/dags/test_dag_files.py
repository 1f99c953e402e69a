"""DAG files are timetables: short, documented, and with nothing heavy at their head."""

import ast
import inspect
from pathlib import Path

import pytest

DAGS = Path(__file__).parents[2] / "dags"
FILES = sorted(file for file in DAGS.glob("*.py") if file.stem != "news_shared")
ALLOWED = {"airflow.sdk", "news_shared", "typing", "datetime"}
WALK = {"collect_news", "transform_news", "store_news", "index_news", "audit_news", "export_news"}
NAMES = WALK | {"backfill_archive", "watch_sources"}


def functions(file: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.FunctionDef)]


def test_there_is_one_file_for_each_dag() -> None:
    assert {file.stem for file in FILES} == NAMES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_only_light_modules_are_imported_at_the_head(file: Path) -> None:
    tree = ast.parse(file.read_text())
    imported = {
        name
        for node in tree.body
        for name in (
            [node.module]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }

    assert imported <= ALLOWED


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_docstring_says_what_a_failure_means_and_what_to_do(file: Path) -> None:
    (dag,) = [function for function in functions(file) if function.name == file.stem]
    text = inspect.cleandoc(ast.get_docstring(dag) or "")

    assert "**If it fails**" in text
    assert text.count("\n- ") >= 1
    assert "Running it again is always safe" in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_task_has_a_sentence(file: Path) -> None:
    assert all(ast.get_docstring(function) for function in functions(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_dag_file_is_short(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 60
