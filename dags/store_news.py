"""Bring clean articles into the lake: `news.articles` to the Delta table."""

from typing import Any

from airflow.sdk import dag, get_current_context, task
from news_shared import ARTICLES, COMMON, LAKE, account


@dag(schedule=[ARTICLES], **COMMON)
def store_news() -> None:
    """Bring clean articles into the lake: `news.articles` to the Delta table.

    Rows that break an expectation go to `news.rejected`; the rest is stored.

    **If it fails**

    - *AuditFailed*: a whole batch breaks an expectation that no single row can. The message names it, the
      audit pages show it; the batch is not stored. Mend the cause, then run it again.
    - *Fenced*: another writer was faster. The retry starts from where the lake stands.
    - *Unavailable*: the broker or the storage of the lake did not answer; the retry goes on.
    - `account` failed with *Unbalanced*: see "The ledger does not balance" in `docs/runbook.md`.

    Running it again is always safe: rows and offsets are one commit of the lake.
    """

    @task(outlets=[LAKE])
    def store() -> dict[str, Any]:
        """Store batch after batch, each judged by the expectations, until caught up."""
        from ingestion import jobs

        report: dict[str, Any] = jobs.run(jobs.store)
        get_current_context()["outlet_events"][LAKE].extra = {"articles": report["handled"]}
        return report

    store() >> account()


store_news()
