"""Pull articles from publishers into the topic `news.raw`."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, get_current_context, task
from news_shared import COMMON, RAW, account


@dag(schedule=CronTriggerTimetable("*/15 * * * *", timezone="UTC"), **COMMON)
def collect_news() -> None:
    """Pull articles from publishers into the topic `news.raw`.

    Sources are dealt into buckets by host; each bucket is one mapped task, which reads its hosts side by
    side. A planned run takes the sources that are due, a run by hand takes all of them.

    **If it fails**

    - `collect` failed with *Unreachable*: none of the bucket's publishers answered. Look at
      `news sources health`; if all buckets fail, it is this machine's network. Retries follow, and the
      other buckets' articles have gone on already.
    - `collect` names sources as *postponed*: its time was over (`NEWS_JOB_SECONDS`). They stay due and come
      first in the next run; more `NEWS_FETCH__HOSTS_AT_ONCE` or `NEWS_BUCKETS` read more at once.
    - `collect` failed with *ConfigurationError*: the message names the file and the key to mend.
    - `account` failed with *Unbalanced*: documents entered and have no outcome. Keep `news.raw` and
      `news.outcomes` as they are, and see "The ledger does not balance" in `docs/runbook.md`.

    Running it again is always safe: what was collected before is recognised.
    """

    @task
    def plan() -> list[list[str]]:
        """Choose the sources of this run."""
        from ingestion import jobs

        planned = get_current_context()["dag_run"].run_type == "scheduled"
        buckets: list[list[str]] = jobs.run(jobs.plan, only_due=planned)
        return buckets

    @task(outlets=[RAW], map_index_template="{{ sources }}")
    def collect(bucket: list[str]) -> dict[str, Any]:
        """Fetch politely what the bucket's sources offer."""
        from ingestion import jobs

        context: Any = get_current_context()
        context["sources"] = ", ".join(bucket)
        report: dict[str, Any] = jobs.run(jobs.collect, bucket, run_id=context["run_id"])
        context["outlet_events"][RAW].extra = {"documents": sum(report["entered"].values())}
        return report

    collect.expand(bucket=plan()) >> account()


collect_news()
