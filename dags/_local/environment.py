"""The Airflow of this machine: everything in one folder, on SQLite and loopback, nothing phoning home."""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DAGS = Path(__file__).parent.parent


def airflow_environment(home: Path) -> dict[str, str]:
    """Return the variables that make Airflow this project's own, whatever is installed besides."""
    home = home.resolve()
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(home / "jwt-secret"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "PYTHONWARNINGS": "ignore",
        **_data(home.parent),
    }


def _data(folder: Path) -> dict[str, str]:
    """Tasks run in folders of their own, so where the data is has to be said absolutely."""
    return {"NEWS_DATA_DIR": os.environ.get("NEWS_DATA_DIR", str(folder))}


def _secret(path: Path) -> str:
    """Keep one secret for all of Airflow's processes, readable by this user only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(64), encoding="ascii")
    return path.read_text(encoding="ascii")


@contextmanager
def newsroom_environment() -> Iterator[dict[str, str]]:
    """Serve the sample newsroom and yield the variables that lead to it; none where a catalogue is named."""
    if os.environ.get("NEWS_CATALOGUE"):
        yield {}
        return
    from ingestion.newsroom.server import running

    with running() as address:
        yield {
            "NEWS_FETCH__CONNECT_TO": json.dumps({"*.example": str(address)}),
            "NEWS_FETCH__MIN_INTERVAL_SECONDS": "0",
        }
