"""Turn raw documents into clean articles: `news.raw` to `news.articles` and `news.rejected`."""

from typing import Any

from airflow.sdk import dag, get_current_context, task
from news_shared import ARTICLES, COMMON, RAW, account


@dag(schedule=[RAW], **COMMON)
def transform_news() -> None:
    """Turn raw documents into clean articles: `news.raw` to `news.articles` and `news.rejected`.

    Each document ends as exactly one of new, updated, unchanged, duplicate, dropped or rejected.

    **If it fails**

    - *TooManyRejections*: more than the allowed share of documents is rejected, so something is wrong
      with all of them: a publisher's new format, or a new version of this project. Nothing of the batch
      was committed. `news rejected` shows the reasons; raise `NEWS_REJECTED_SHARE_LIMIT` to let them pass.
    - *Unavailable*: the broker or the state database did not answer; the retry goes on where it stopped.
    - *Fenced*: a second worker runs in the same slot. Give each worker a `NEWS_SLOT` of its own.
    - `account` failed with *Unbalanced*: see "The ledger does not balance" in `docs/runbook.md`.

    Running it again is always safe: outputs and offsets move in one transaction.
    """

    @task(outlets=[ARTICLES])
    def transform() -> dict[str, Any]:
        """Parse, validate, deduplicate and version until caught up."""
        from ingestion import jobs

        report: dict[str, Any] = jobs.run(jobs.transform)
        get_current_context()["outlet_events"][ARTICLES].extra = {"documents": report["handled"]}
        return report

    transform() >> account()


transform_news()
