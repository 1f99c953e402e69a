"""See every day which publishers' news is missing, and why."""

from typing import Any

from airflow.sdk import CronTriggerTimetable, dag, task
from news_shared import COMMON


@dag(schedule=CronTriggerTimetable("20 5 * * *", timezone="UTC"), **COMMON)
def watch_sources() -> None:
    """See every day which publishers' news is missing, and why.

    Every enabled source is judged: well, new, quiet, moved, waiting, frozen, gone, blocked or broken.

    **If it fails**

    - `watch` failed with *SourcesInTrouble*: sources have been broken, blocked, gone or frozen for longer
      than `NEWS_SOURCE_TROUBLE_SECONDS`. The message names each with what was seen and what to do;
      "Verdicts on sources" in `docs/runbook.md` says more. Mend the entry, or disable the source.
    - *ConfigurationError*: the message names the catalogue file and the key to mend.
    - *Unavailable*: the state database did not answer; the retry goes on.

    Running it again is always safe: it only reads what is remembered.
    """

    @task
    def watch() -> dict[str, Any]:
        """Judge every enabled source; fail where trouble has lasted."""
        from ingestion import jobs

        report: dict[str, Any] = jobs.run(jobs.watch_sources)
        return report

    watch()


watch_sources()
