"""The code budget of CONTRIBUTING.md: short files, short functions."""

import ast
from pathlib import Path
from statistics import median

import pytest

REPOSITORY = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("ingestion", "schemas", "expectations", "dags")
    for path in (REPOSITORY / folder).rglob("*.py")
)
LONGEST_FILE_LINES = 400
LONGEST_FUNCTION_LINES = 40
MEDIAN_FUNCTION_LINES = 10


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its signature, its docstring and the functions inside it."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    inner = [
        node for node in ast.walk(function) if isinstance(node, ast.FunctionDef) and node is not function
    ]
    lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
    return lines - sum((node.end_lineno or 0) - node.lineno + 1 for node in inner)


def functions() -> list[tuple[str, int]]:
    return [
        (f"{path.relative_to(REPOSITORY)}:{node.lineno} {node.name}", body_lines(node))
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_a_file_is_one_idea_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())

    assert lines <= LONGEST_FILE_LINES


def test_no_function_is_longer_than_a_screen() -> None:
    assert [name for name, lines in functions() if lines > LONGEST_FUNCTION_LINES] == []


def test_most_functions_are_short() -> None:
    assert median(lines for _, lines in functions()) <= MEDIAN_FUNCTION_LINES
