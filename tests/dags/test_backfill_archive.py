"""The DAG of backfills, run by Airflow itself in one process: its tasks by bucket, and what they say."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.dags.test_airflow import LOCAL, environment
from tests.unit.backfill.site import serving, settings_for

DAGS = LOCAL.parent
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("airflow")]
PROGRAM = """
import json, os, sys
from pathlib import Path
sys.path[:0] = [{dags!r}]
from _local.environment import airflow_environment
os.environ.update(airflow_environment(Path(os.environ["NEWS_DATA_DIR"]) / "airflow"))
from airflow.utils import db
db.initdb()
import backfill_archive
found = []
for conf in json.loads(sys.argv[1]):
    dag = backfill_archive.backfill_archive()
    for task in dag.tasks:
        task.retries = 0
    run = dag.test(run_conf=conf)
    for instance in run.get_task_instances():
        told = instance.xcom_pull(task_ids=instance.task_id, key="progress", map_indexes=instance.map_index)
        facts = instance.task_id, instance.map_index, str(instance.state), instance.rendered_map_index
        found.append([*facts, told])
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[list[Any]]:
    folder = tmp_path_factory.mktemp("backfill")
    with serving("north", "south") as site:
        settings = settings_for(folder, site.endpoint, "north", "south")
        asked = {
            "sources": ["north-sitemap", "south-sitemap"],
            "from": "2026-01-01",
            "to": "2026-02-28",
        }
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(dags=str(DAGS)), json.dumps([asked])],
            env=environment(
                settings.data_dir,
                NEWS_CATALOGUE=str(settings.catalogue),
                NEWS_FETCH__CONNECT_TO=json.dumps({"*.example": site.endpoint}),
                NEWS_FETCH__MIN_INTERVAL_SECONDS="0",
            ),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            cwd=Path(__file__).parents[2],
        )
    assert "FOUND" in done.stdout, done.stdout + done.stderr
    tasks: list[list[Any]] = json.loads(done.stdout.rpartition("FOUND")[2])
    return tasks


def test_each_bucket_is_a_task_that_is_named_after_hosts_and_days(found: list[list[Any]]) -> None:
    assert {state for _, _, state, _, _ in found} == {"success"}
    assert [task for task, *_ in found].count("read") == 4
    assert {name for task, _, _, name, _ in found if task == "read"} == {
        f"{host}.example {days}"
        for host in ("north", "south")
        for days in ("2026-01-01 to 2026-01-31", "2026-02-01 to 2026-02-28")
    }


def test_progress_is_small_and_says_articles_rate_and_time_left(found: list[list[Any]]) -> None:
    for task, _, _, _, told in found:
        if task == "read":
            assert told["documents"] in {62, 57}
            assert {"documents_per_second", "seconds_left", "done", "total", "state"} <= told.keys()
            assert len(json.dumps(told)) < 1000
