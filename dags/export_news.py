"""Write the audited days of the lake as plain Parquet with a manifest."""

from typing import Any

from airflow.sdk import dag, get_current_context, task
from news_shared import AUDITED, COMMON, EXPORTS


@dag(schedule=[AUDITED], **COMMON)
def export_news() -> None:
    """Write the audited days of the lake as plain Parquet with a manifest.

    A day that has not changed stays as it is, byte for byte. `NEWS_EXPORT_RIGHTS` names the rights profiles
    to export by; the manifest of each says how many articles it withholds, and for which reason.

    **If it fails**

    - *Unavailable*: the lake or the folder of the exports cannot be reached; the retry goes on.
    - *ConfigurationError*: a rights profile of that name does not exist, or its folder holds another one.
    - *Permission denied* or *No space left*: mend the folder `NEWS_EXPORTS` and run it again.

    Running it again is always safe: readers who go by `_manifest.json` never see half an export.
    """

    @task(outlets=[EXPORTS])
    def export() -> dict[str, Any]:
        """Write the days that have changed since they were exported last."""
        from ingestion import jobs

        report: dict[str, Any] = jobs.run(jobs.export)
        files = sum(len(profile["files"]) for profile in report["profiles"])
        get_current_context()["outlet_events"][EXPORTS].extra = {"files": files}
        return report

    export()


export_news()
