"""What the DAG files share: the assets that join them, how tasks are retried, and the account task."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, ExceptionRetryPolicy, RetryAction, RetryRule, task

RAW = Asset("news.raw", group="news")
ARTICLES = Asset("news.articles", group="news")
LAKE = Asset("lake.articles", group="news")
AUDITED = Asset("lake.audited", group="news")
EXPORTS = Asset("exports.articles", group="news")
SEARCH = Asset("search.articles", group="news")

COMMON: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
    "tags": ["news"],
    "default_args": {
        "retries": 5,
        "retry_delay": timedelta(seconds=20),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=15),
        "execution_timeout": timedelta(hours=2),
        "retry_policy": ExceptionRetryPolicy(
            rules=[
                RetryRule(
                    exception="ingestion.errors.Fenced",
                    action=RetryAction.RETRY,
                    reason="another worker was faster; start again from where things stand",
                ),
                RetryRule(
                    exception="ingestion.errors.Stop",
                    action=RetryAction.FAIL,
                    reason="a person has to act first; the message says how",
                ),
            ]
        ),
    },
}


@task
def account() -> dict[str, Any]:
    """See that every document that entered is in the books, and that the books balance."""
    from ingestion import jobs

    books: dict[str, Any] = jobs.run(jobs.account)
    return books
