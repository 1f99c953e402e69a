"""Open the Airflow UI on the data of `make run`: four processes on SQLite and loopback, all gone on Ctrl-C.

`airflow standalone` is not used: it listens on all addresses for logs, and leaves its children alive.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parent.parent))

from _local.environment import airflow_environment, newsroom_environment
from rich.console import Console

DATA = Path(os.environ.get("NEWS_DATA_DIR", "data")).resolve()
HOST = "127.0.0.1"
PORT = os.environ.get("NEWS_AIRFLOW_PORT", "8080")
START_SECONDS = 120
STOP_SECONDS = 15
BESIDE_THE_API = (["scheduler", "--skip-serve-logs"], ["dag-processor"], ["triggerer", "--skip-serve-logs"])


def main() -> int:
    """Start the processes, tell where the page is, wait for Ctrl-C or for one of them to end."""
    home = DATA / "airflow"
    os.environ.update(airflow_environment(home))
    os.environ.update(
        {
            "AIRFLOW__API__HOST": HOST,
            "AIRFLOW__API__PORT": PORT,
            "AIRFLOW__API__BASE_URL": f"http://{HOST}:{PORT}",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{PORT}/execution/",
        }
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it for what it runs behind
    console = Console()
    with newsroom_environment() as variables, ExitStack() as running:
        os.environ.update(variables)
        with console.status("starting Airflow"):
            subprocess.run([*AIRFLOW, "db", "migrate"], check=True, stdout=subprocess.DEVNULL)
            processes = [running.enter_context(_process(["api-server"], home))]
            _wait_for_health(processes[0])
            processes += [running.enter_context(_process(command, home)) for command in BESIDE_THE_API]
        _tell(console, home)
        return _wait(processes, console)


AIRFLOW = [sys.executable, "-m", "airflow"]


@contextmanager
def _process(command: list[str], home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of Airflow's processes in a group of its own, and end the whole group with the block."""
    log = home / f"{command[0]}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*AIRFLOW, *command],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _wait_for_health(api_server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://{HOST}:{PORT}/api/v2/monitor/health", timeout=2):
                return
        except (URLError, OSError):
            if api_server.poll() is not None:
                sys.exit(f"the API server ended; see {DATA / 'airflow' / 'api-server.log'}")
            time.sleep(0.25)
    sys.exit(f"the API server did not answer in {START_SECONDS} s")


def _tell(console: Console, home: Path) -> None:
    passwords = home / "simple_auth_manager_passwords.json.generated"
    password = (
        json.loads(passwords.read_text(encoding="utf-8")).get("admin", "") if passwords.exists() else ""
    )
    console.print(
        f"Airflow: [link]http://{HOST}:{PORT}/[/]   user [bold]admin[/]   password [bold]{password}[/]"
    )
    console.print(
        "Trigger [bold]collect_news[/] and watch the assets bring the others about. Ctrl-C ends it."
    )


def _wait(processes: list[subprocess.Popen[bytes]], console: Console) -> int:
    try:
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
    except KeyboardInterrupt:
        console.print("stopping")
        return 0
    ended = next(process for process in processes if process.poll() is not None)
    console.print(f"[red]a process ended by itself:[/] {' '.join(map(str, ended.args[2:]))}")  # type: ignore[index]
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
