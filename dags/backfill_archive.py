"""Read what was published earlier: sitemaps and APIs by days, and WARC archives."""

from typing import Any

from airflow.sdk import Param, dag, get_current_context, task
from news_shared import COMMON, RAW, account

PARAMS = {
    "sources": Param([], type="array", items={"type": "string"}, description="Ids, or sitemaps' addresses."),
    "from": Param(None, type=["null", "string"], format="date", description="First day."),
    "to": Param(None, type=["null", "string"], format="date", description="Last day; else yesterday."),
    "archives": Param([], type="array", items={"type": "string"}, description="WARC paths or addresses."),
    "backfill_id": Param(None, type=["null", "string"], description="Go on with this one instead."),
}


@dag(schedule=None, params=PARAMS, **{**COMMON, "max_active_runs": 4})
def backfill_archive() -> None:
    """Read what was published earlier: sitemaps and APIs by days, and WARC archives.

    Give `sources` with `from` and `to`, or `archives`; or a `backfill_id` to go on with one. Each bucket,
    a group of hosts and a slice of days, or some archives, is one mapped task. Its log and its XCom
    `progress` say articles, rate and time left. `news backfill pause ID` stops all buckets within seconds;
    after `news backfill resume ID`, trigger this with the `backfill_id`.

    **If it fails**

    - `read` failed with *Unreachable*: a publisher of the bucket does not answer. The retries go on where
      it stood; after the last one, trigger this again with the `backfill_id`.
    - `plan` failed with *ConfigurationError*: the message says what is missing or wrong in the params.
    - `account` failed with *Unbalanced*: see "The ledger does not balance" in `docs/runbook.md`.

    Running it again is always safe: each bucket goes on where it stood, and what was read is recognised.
    """

    @task
    def plan() -> list[dict[str, Any]]:
        """Plan the buckets, or find those of a backfill that are still open."""
        from ingestion.backfill import task as backfill

        buckets: list[dict[str, Any]] = backfill.plan(dict(get_current_context()["params"]))
        return buckets

    @task(outlets=[RAW], map_index_template="{{ task.op_kwargs['bucket']['title'] }}")
    def read(bucket: dict[str, Any]) -> dict[str, Any]:
        """Read one bucket on from where it stands."""
        from ingestion.backfill import task as backfill

        context: Any = get_current_context()
        push = context["ti"].xcom_push
        report: dict[str, Any] = backfill.read(bucket, lambda so_far: push(key="progress", value=so_far))
        context["outlet_events"][RAW].extra = {"documents": report["documents"]}
        return report

    read.expand(bucket=plan()) >> account()


backfill_archive()
