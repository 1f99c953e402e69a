"""The gate: what it lets through, what it stops, and what it says."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import expectations.masks as gate
from expectations import narrow
from expectations.articles import CRITICAL, OF_MANY, RULES
from expectations.good import Article, Bad, article, bad, good
from expectations.masks import failures, failures_in
from ingestion import ports
from schemas.arrow import table_of

ROOT = Path(__file__).parents[2]
SEVERITY = {rule.name: rule.severity for rule in RULES}


def narrow_of(rows: list[Article]) -> pa.Table:
    return narrow.of_table(table_of("article", rows))


def test_every_good_sample_passes_every_rule() -> None:
    table = narrow_of(good())

    assert failures_in(table, RULES) == {}


@pytest.mark.parametrize("sample", bad(), ids=lambda sample: sample.breaks)
def test_every_bad_sample_breaks_its_rule(sample: Bad) -> None:
    broken = failures_in(narrow_of([*good(), sample.row]), RULES)

    assert list(broken) == [len(good())]
    assert sample.breaks in broken[len(good())]


def test_every_rule_has_a_bad_sample() -> None:
    assert {sample.breaks for sample in bad()} == {rule.name for rule in RULES}


def test_every_rule_has_a_name_of_its_own_and_a_reason_in_a_sentence() -> None:
    rules = (*RULES, *OF_MANY)

    assert len({rule.name for rule in rules}) == len(rules)
    assert all(rule.why.endswith(".") and " " in rule.why for rule in rules)
    assert {rule.column for rule in rules} <= set(narrow.NAMES)


def test_the_gate_names_rows_by_index_and_rules_by_name() -> None:
    rows = [article(0), article(1, version=0, headline=""), article(2)]

    assert failures(table_of("article", rows)) == {
        1: ("version_counts_from_1", "headline_has_a_length", "headline_has_words")
    }


def test_a_warning_does_not_keep_a_row_out() -> None:
    warned = [sample.row for sample in bad() if SEVERITY[sample.breaks] == "warning"]

    assert warned
    assert failures(table_of("article", warned)) == {}


def test_the_gate_has_the_shape_that_the_port_asks_for() -> None:
    port: ports.Gate = gate

    assert port.failures(table_of("article", [])) == {}


def test_the_narrow_table_has_the_measures_of_each_article() -> None:
    row = article(7, body="𝒳 متن\n\n海", authors=["a", "b"], published=None, language=None)
    (measured,) = narrow_of([row]).to_pylist()

    assert {name: measured[name] for name in ("body_chars", "authors_count", "published_year")} == {
        "body_chars": 8,
        "authors_count": 2,
        "published_year": None,
    }
    assert (measured["publisher_id"], measured["language_code"]) == (row["publisher"]["id"], None)
    assert (measured["fetched_lead_seconds"], measured["published_lead_seconds"]) == (0, None)


def test_the_narrow_table_holds_no_bodies_and_no_lists() -> None:
    table = narrow_of(good())

    assert tuple(table.column_names) == narrow.NAMES
    assert "body" not in table.column_names
    assert not any(field.type.num_fields for field in table.schema)


def test_importing_the_gate_loads_neither_great_expectations_nor_pandas() -> None:
    assert loaded_by("import expectations.masks", "great_expectations", "pandas") == "[]"


def test_asking_the_gate_does_not_load_great_expectations() -> None:
    code = """
from expectations.good import good
from expectations.masks import failures
from schemas.arrow import table_of
failures(table_of("article", good()))"""

    assert loaded_by(code, "great_expectations") == "[]"


def loaded_by(code: str, *modules: str) -> str:
    shown = f"{code}; import sys; print([m for m in {modules} if m in sys.modules])"
    command = [sys.executable, "-c", shown]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()


def test_critical_rules_are_those_that_are_not_warnings() -> None:
    assert [rule for rule in RULES if rule.severity != "warning"] == list(CRITICAL)
