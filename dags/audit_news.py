"""Judge each changed day of the lake by the expectations, and build the audit pages."""

from typing import Any

from airflow.sdk import dag, get_current_context, task
from news_shared import AUDITED, COMMON, LAKE


@dag(schedule=[LAKE], **COMMON)
def audit_news() -> None:
    """Judge each changed day of the lake by the expectations, and build the audit pages.

    **If it fails**

    - *AuditFailed*: a day breaks an expectation; the message names it with examples, the audit pages in
      `NEWS_DATA_DOCS` show the rest. The day is not exported until it passes. Find the cause with
      `news trace` on an example, mend it, replay, and run this again.

    Running it again is always safe: it only reads the lake.
    """

    @task(outlets=[AUDITED])
    def audit() -> dict[str, Any]:
        """Judge the days that have changed since they were judged last."""
        from ingestion import jobs

        report: dict[str, Any] = jobs.run(jobs.audit)
        get_current_context()["outlet_events"][AUDITED].extra = {"days": report["days"]}
        return report

    audit()


audit_news()
