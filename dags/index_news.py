"""Make clean articles searchable: `news.articles` to the search index."""

from typing import Any

from airflow.sdk import dag, get_current_context, task
from news_shared import ARTICLES, COMMON, SEARCH, account


@dag(schedule=[ARTICLES], **COMMON)
def index_news() -> None:
    """Make clean articles searchable: `news.articles` to the search index.

    Rows that the index refuses go to `news.rejected` with its reason.

    **If it fails**

    - *Unavailable*: the index did not answer, or another process is writing it; the retry goes on.
    - *ConfigurationError*: the message names the setting to mend; `news doctor` checks them all.
    - `account` failed with *Unbalanced*: see "The ledger does not balance" in `docs/runbook.md`.

    Running it again is always safe: an article is written under its id, and never by an older observation.
    """

    @task(outlets=[SEARCH])
    def index() -> dict[str, Any]:
        """Write batch after batch into the index until caught up."""
        from ingestion import jobs

        report: dict[str, Any] = jobs.run(jobs.index)
        get_current_context()["outlet_events"][SEARCH].extra = {"articles": report["handled"]}
        return report

    index() >> account()


index_news()
