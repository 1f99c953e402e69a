"""The audits: what passes, what raises, what is recorded, and the pages made of it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from expectations import narrow, suites
from expectations.articles import CRITICAL, OF_MANY, RULES
from expectations.good import article, bad, good
from ingestion import ports
from ingestion.errors import AuditFailed
from ingestion.lake.audit import GreatExpectationsAuditor, fail_loudly
from ingestion.lake.data_docs import build_data_docs
from ingestion.lake.report import AuditReport, Check, newest_by_day, record, recorded
from schemas.arrow import table_of

ROOT = Path(__file__).parents[3]
DAY = date(2026, 3, 2)
LOADED = re.compile(
    r"""(?:src|href|action|data|poster|srcset)\s*=\s*["']?\s*(?!#)([^"'\s>]+)|url\(\s*["']?([^"')]+)|@import\s+(\S+)""",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("docs")


@pytest.fixture(scope="module")
def network() -> Iterator[list[str]]:
    """Every connection that was tried since; an audit hook stays for the life of the process."""
    tried: list[str] = []
    watching = [True]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if watching and event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
            tried.append(f"{event} {arguments}")

    sys.addaudithook(watch)
    yield tried
    watching.clear()


@pytest.fixture(scope="module")
def auditor(docs: Path, network: list[str]) -> GreatExpectationsAuditor:
    assert network == []
    return GreatExpectationsAuditor(docs)


def test_a_good_batch_passes_and_is_recorded(auditor: GreatExpectationsAuditor, docs: Path) -> None:
    port: ports.Auditor = auditor
    port.audit_batch(table_of("article", good()))
    report = recorded(docs / "reports")[0]

    assert report.passed
    assert (report.day, report.rows, report.failures) == (None, len(good()), ())
    assert [check.expectation for check in report.checks] == [rule.name for rule in (*RULES, *OF_MANY)]


def test_an_empty_batch_is_skipped(auditor: GreatExpectationsAuditor, docs: Path) -> None:
    before = recorded(docs / "reports")
    auditor.audit_batch(table_of("article", []))

    assert recorded(docs / "reports") == before


def test_a_critical_failure_names_the_expectation_and_articles(
    auditor: GreatExpectationsAuditor, docs: Path
) -> None:
    twice = [article(1), article(1), article(2, version=0), article(3)]

    with pytest.raises(AuditFailed) as failure:
        auditor.audit_batch(table_of("article", twice))
    assert f"version_counts_from_1: 1 unexpected, as in {2:064x}" in str(failure.value)
    assert f"versions_are_unique: 2 unexpected, as in {1:064x}" in str(failure.value)
    assert not recorded(docs / "reports")[0].passed


def test_every_critical_rule_is_named_with_the_article_that_breaks_it(
    auditor: GreatExpectationsAuditor, docs: Path
) -> None:
    samples = [sample for sample in bad() if sample.breaks in {rule.name for rule in CRITICAL}]
    rows = [
        sample.row if "article_id" in sample.breaks else {**sample.row, "article_id": f"{number:064x}"}
        for number, sample in enumerate(samples)
    ]

    with pytest.raises(AuditFailed) as failure:
        auditor.audit_batch(table_of("article", rows))
    failures = {check.expectation: check for check in recorded(docs / "reports")[0].failures}
    for sample, row in zip(samples, rows, strict=True):
        assert f"{sample.breaks}: " in str(failure.value)
        assert (row["article_id"] or "no article_id") in failures[sample.breaks].examples


def test_a_warning_is_recorded_and_raises_nothing(auditor: GreatExpectationsAuditor, docs: Path) -> None:
    auditor.audit_batch(table_of("article", [article(1, authors=[])]))
    report = recorded(docs / "reports")[0]

    assert report.passed
    assert [check.expectation for check in report.failures] == ["authors_are_often_known"]


def test_a_check_that_cannot_be_made_is_broken_and_not_failed(auditor: GreatExpectationsAuditor) -> None:
    table = narrow.of_table(table_of("article", good())).drop(["version"])
    report = auditor._recorded(DAY, table.num_rows, auditor._checks(table, suites.day_suite()))
    broken = {check.expectation: check for check in report.checks if check.outcome == "broken"}

    assert set(broken) == {"version_is_known", "version_counts_from_1", "versions_are_unique"}
    assert "version" in (broken["version_is_known"].error or "")
    with pytest.raises(AuditFailed, match="version_is_known: the check itself broke"):
        fail_loudly(report)


def test_a_day_is_judged_from_the_columns_of_the_lake(auditor: GreatExpectationsAuditor, docs: Path) -> None:
    report = auditor.audit_day(DAY, table_of("article", good()).select(narrow.READ))

    assert (report.day, report.rows, report.passed) == (DAY, len(good()), True)
    assert newest_by_day(docs / "reports")[DAY] == report
    assert fail_loudly(report) is None  # type: ignore[func-returns-value]


def test_an_empty_day_is_outside_its_usual_size(auditor: GreatExpectationsAuditor) -> None:
    report = auditor.audit_day(DAY, narrow.of_table(table_of("article", [])))

    assert "day_has_its_usual_size" in {check.expectation for check in report.failures}
    assert {check.severity for check in report.failures} == {"warning"}


def test_only_the_newest_reports_are_kept(tmp_path: Path) -> None:
    for minute in range(6):
        record(tmp_path, a_report(f"batch-{minute}", minute=minute), keep=3)
    record(tmp_path, a_report("day-0", minute=0, day=DAY), keep=3)

    assert [report.audit_id for report in recorded(tmp_path)] == ["batch-5", "batch-4", "batch-3", "day-0"]


def test_the_pages_load_nothing_and_lead_only_to_each_other(
    auditor: GreatExpectationsAuditor, docs: Path
) -> None:
    auditor.audit_batch(table_of("article", [article(1)]))
    auditor.audit_batch(table_of("article", [article(2, authors=[])]))
    with pytest.raises(AuditFailed):
        auditor.audit_batch(
            table_of("article", [article(1, version=0, headline='<b>x</b>"><script src="//x.example">')])
        )
    index = build_data_docs(docs)
    pages = {page.name: page.read_text(encoding="utf-8") for page in index.parent.iterdir()}
    targets = {next(filter(None, found)) for text in pages.values() for found in LOADED.findall(text)}

    assert len(pages) > 3
    assert targets <= set(pages)
    assert "index.html" in targets
    assert not any(
        re.search(r"<(script|link|img|iframe|object|embed|video|audio)\b", t) for t in pages.values()
    )


def test_a_page_shows_what_is_expected_and_why(docs: Path, auditor: GreatExpectationsAuditor) -> None:
    auditor.audit_batch(table_of("article", [article(5, authors=[])]))
    report = recorded(docs / "reports")[0]
    page = build_data_docs(docs).parent / f"{report.audit_id}.html"
    text = page.read_text(encoding="utf-8")

    assert "passed with warnings" in text
    assert "authors_count values must be greater than or equal to 1, at least 25 % of the time." in text
    assert "if nearly none does, bylines are no longer found." in text


def test_pages_of_older_audits_are_taken_away(tmp_path: Path) -> None:
    for minute in range(4):
        record(tmp_path / "reports", a_report(f"batch-{minute}", minute=minute), keep=9)
    build_data_docs(tmp_path, keep_pages=4)
    pages = build_data_docs(tmp_path, keep_pages=2).parent

    assert {page.name for page in pages.iterdir()} == {"index.html", "batch-3.html", "batch-2.html"}


def test_pages_can_be_built_before_anything_was_audited(tmp_path: Path) -> None:
    assert "Nothing was audited yet" in build_data_docs(tmp_path).read_text(encoding="utf-8")


def test_audits_open_no_connection_and_print_nothing(
    auditor: GreatExpectationsAuditor, docs: Path, capfd: pytest.CaptureFixture[str], network: list[str]
) -> None:
    auditor.audit_batch(table_of("article", good()))
    build_data_docs(docs)

    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert network == []
    assert capfd.readouterr() == ("", "")


def test_importing_the_lake_loads_neither_great_expectations_nor_pandas() -> None:
    code = """
import sys
import ingestion.lake.audit, ingestion.lake.compaction, ingestion.lake.data_docs, ingestion.lake.delta
import ingestion.lake.export, ingestion.lake.reader
print([module for module in ("great_expectations", "pandas") if module in sys.modules])
"""
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert printed.stdout.strip() == "[]"


def a_report(audit_id: str, *, minute: int, day: date | None = None) -> AuditReport:
    check = Check(expectation="a", statement="b", why="c", severity="critical", outcome="passed")
    at = datetime(2026, 3, 2, 6, minute, tzinfo=UTC)
    return AuditReport(audit_id=audit_id, audited_at=at, day=day, rows=1, passed=True, checks=(check,))
