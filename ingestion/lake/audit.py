"""The audits: a batch by Arrow masks before it is stored, a day of the lake by Great Expectations."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pyarrow as pa

from expectations import narrow, suites
from expectations.articles import OF_MANY, RULES, Rule
from expectations.masks import broken_rows, enough_hold
from expectations.words import statement
from ingestion.errors import AuditFailed
from ingestion.lake.report import AuditReport, Check, record
from ingestion.ports import Columns
from schemas.plain_arrow import table_from

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_suite import ExpectationSuite

EXAMPLES = 5
KEEP_REPORTS = 100


class GreatExpectationsAuditor:
    """`ports.Auditor`, and the audit of a day. Reports are recorded under `docs_dir/reports`.

    A batch is judged by the same rules without the library, which takes seconds to load. That happens
    at the first audit of a day: keep one auditor for many.
    """

    def __init__(
        self,
        docs_dir: Path,
        *,
        keep_reports: int = KEEP_REPORTS,
        usual_day_rows: tuple[int, int] = suites.DAY_ROWS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reports = docs_dir / "reports"
        self._keep = keep_reports
        self._usual_day_rows = usual_day_rows
        self._now = now
        self._statements: dict[str, str] = {}

    def audit_batch(self, articles: Columns) -> None:
        """Judge and record a batch; an empty one is skipped. Raises `AuditFailed`."""
        if articles.num_rows:
            table = narrow.of_table(table_from(articles))
            checks = tuple(_masked(table, rule) for rule in (*RULES, *OF_MANY))
            fail_loudly(self._recorded(None, table.num_rows, checks))

    def audit_day(self, day: date, articles: pa.Table) -> AuditReport:
        """Judge and record a day, given its narrow table or the lake's columns `narrow.READ`.

        Whether to raise is the caller's decision; see `fail_loudly`.
        """
        frame = articles if articles.column_names == list(narrow.NAMES) else narrow.of_table(articles)
        return self._recorded(
            day, frame.num_rows, self._checks(frame, suites.day_suite(self._usual_day_rows))
        )

    def _recorded(self, day: date | None, rows: int, checks: tuple[Check, ...]) -> AuditReport:
        at = self._now()
        report = AuditReport(
            audit_id=f"{'day' if day else 'batch'}-{at:%Y%m%dT%H%M%S.%fZ}-{uuid4().hex[:8]}",
            audited_at=at,
            day=day,
            rows=rows,
            passed=not any(c.severity == "critical" and c.outcome != "passed" for c in checks),
            checks=checks,
        )
        record(self._reports, report, keep=self._keep)
        return report

    def _checks(self, table: pa.Table, suite: "ExpectationSuite") -> tuple[Check, ...]:
        batch = self._frames.get_batch({"dataframe": table.to_pandas()})
        results = {_name(r): r for r in batch.validate(suite, result_format="BASIC").results}
        suite.expectations = [e for e in suite.expectations if not results[(e.meta or {})["name"]].success]
        if suite.expectations:  # only these again, with examples, which cost as much as all of the rest
            complete = {"result_format": "COMPLETE", "unexpected_index_column_names": ["article_id"]}
            results |= {_name(r): r for r in batch.validate(suite, result_format=complete).results}
        return tuple(_check(result, self._statement(result)) for result in results.values())

    def _statement(self, result: Any) -> str:
        name = _name(result)
        if name not in self._statements:
            self._statements[name] = _statement(result.expectation_config)
        return self._statements[name]

    @cached_property
    def _frames(self) -> "BatchDefinition[Any]":
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        frames = context.data_sources.add_pandas("lake").add_dataframe_asset("articles")
        return frames.add_batch_definition_whole_dataframe("whole")


def fail_loudly(report: AuditReport) -> None:
    """Raise `AuditFailed` where a critical expectation does not hold, naming it and some articles."""
    if report.passed:
        return
    critical = [check for check in report.failures if check.severity == "critical"]
    causes = [f"{check.expectation}: {_in_words(check)}" for check in critical]
    raise AuditFailed(f"{report.subject} of {report.rows} rows breaks its expectations: {'; '.join(causes)}")


def _in_words(check: Check) -> str:
    if check.outcome == "broken":
        return f"the check itself broke ({check.error})"
    found = check.observed or f"{check.unexpected_count} unexpected"
    return f"{found}, as in {', '.join(check.examples)}" if check.examples else found


def _masked(table: pa.Table, rule: Rule) -> Check:
    broken = broken_rows(table, rule)
    holds = enough_hold(table, rule, len(broken))
    shown = [] if holds else table.column("article_id").take(pa.array(broken, pa.int64())).to_pylist()
    return Check(
        expectation=rule.name,
        statement=statement(rule),
        why=rule.why,
        severity=rule.severity,
        outcome="passed" if holds else "failed",
        unexpected_count=len(broken),
        examples=_first(shown),
    )


def _name(result: Any) -> str:
    return str(result.expectation_config.meta["name"])


def _check(result: Any, statement: str) -> Check:
    configuration = result.expectation_config
    broken = "raised_exception" not in result.exception_info or result.exception_info["raised_exception"]
    outcome = "broken" if broken else "passed" if result.success else "failed"
    return Check(
        expectation=_name(result),
        statement=statement,
        why=str(configuration.notes),
        severity=str(configuration.severity.value),
        outcome=outcome,
        unexpected_count=result.result.get("unexpected_count"),
        observed=_observed(result.result),
        error=_exception_message(result.exception_info) if broken else None,
        examples=_examples(result.result) if outcome == "failed" else (),
    )


def _statement(configuration: Any) -> str:
    """Let the library say in its own words what is expected."""
    from great_expectations.render.renderer.inline_renderer import InlineRenderer

    rendered = InlineRenderer(render_object=configuration).get_rendered_content()
    value: Any = rendered[0].to_json_dict()["value"]
    words = {name: _shown(param["value"]) for name, param in value.get("params", {}).items()}
    return Template(value["template"]).safe_substitute(words)


def _shown(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _observed(result: dict[str, Any]) -> str | None:
    value = result.get("observed_value")
    return None if value is None else str(value)


def _exception_message(info: dict[str, Any]) -> str:
    details = info if "exception_message" in info else next(iter(info.values()))
    return str(details["exception_message"]).strip()


def _examples(result: dict[str, Any]) -> tuple[str, ...]:
    return _first([row["article_id"] for row in result.get("unexpected_index_list") or []])


def _first(ids: Sequence[object]) -> tuple[str, ...]:
    """Keep some of the ids; pandas has a NaN where there is none."""
    named = (id_ if isinstance(id_, str) else "no article_id" for id_ in ids)
    return tuple(dict.fromkeys(named))[:EXAMPLES]
