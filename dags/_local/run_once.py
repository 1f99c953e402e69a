"""Execute every DAG once, in the order in which the assets join them, and print what came of it.

Airflow itself executes them (`DAG.test`), in this one process: the runs are in its database and are
there when the UI is opened. `serve.py` is the other way: a real scheduler, for as long as it is wanted.
"""

import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from _local.environment import airflow_environment, newsroom_environment
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

ORDER = ("collect_news", "transform_news", "store_news", "index_news", "audit_news", "export_news")
DATA = Path(os.environ.get("NEWS_DATA_DIR", "data")).resolve()


def main() -> int:
    """Run the DAGs, then show the runs, the ledger, the files and a search. 0 if all succeeded."""
    os.environ.update(airflow_environment(DATA / "airflow"))
    console = _console_on_the_terminal()
    with newsroom_environment() as variables, _redirected_to(DATA / "airflow" / "run.log") as log:
        os.environ.update(variables)
        with console.status("opening Airflow's database"):
            _migrate()
        runs = [_execute(name, console) for name in ORDER]
        console.print(_runs_table(runs))
        if any(state != "success" for _, _, state, _ in runs):
            console.print(f"[red]not all runs succeeded[/]; the whole log is in {log}")
            return 1
        _report(console, run_id=runs[0][1])
    return 0


def _execute(name: str, console: Console) -> tuple[str, str, str, float]:
    begun = time.monotonic()
    with console.status(f"{name} is running"):
        try:
            dag = getattr(import_module(name), name)()
            for task in dag.tasks:
                task.retries = 0  # whoever waits at the terminal is told at once
            finished: Any = dag.test()
            run_id, state = finished.run_id, str(finished.state)
        except Exception:  # noqa: BLE001 - the table has to show the other runs; the log has the trace
            traceback.print_exc()
            run_id, state = "", "failed"
    seconds = time.monotonic() - begun
    console.print(f"  {'[green]✓' if state == 'success' else '[red]✗'}[/] {name} [dim]{seconds:.1f} s[/]")
    return name, run_id, state, seconds


def _migrate() -> None:
    from airflow.utils import db

    db.initdb()


def _runs_table(runs: list[tuple[str, str, str, float]]) -> Table:
    table = Table("DAG", "run", "state", "seconds", title="DAG runs, as recorded by Airflow", box=SIMPLE_HEAD)
    for name, run_id, state, seconds in runs:
        colour = "green" if state == "success" else "red"
        table.add_row(name, run_id, f"[{colour}]{state}[/]", f"{seconds:.1f}")
    return table


def _report(console: Console, run_id: str) -> None:
    from ingestion.report import report_run
    from ingestion.settings import load_settings

    report_run(console, load_settings(), run_id=run_id)
    console.print(
        "\nNext: [bold]make serve[/] opens the search page, [bold]make airflow[/] Airflow's, "
        "[bold].venv/bin/news --help[/] lists every command,\n      "
        "[bold].venv/bin/news run PATH_OR_URL[/] takes the same walk over your own input."
    )


def _console_on_the_terminal() -> Console:
    """Keep a way to the terminal while Airflow's own output goes to the log."""
    terminal = os.fdopen(os.dup(1), "w", encoding="utf-8")
    return Console(file=terminal, width=None if terminal.isatty() else 120)


@contextmanager
def _redirected_to(log: Path) -> Iterator[Path]:
    """Send whatever is printed from here on to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    with log.open("wb") as file:
        saved = [(fd, os.dup(fd)) for fd in (1, 2)]
        for fd, _ in saved:
            os.dup2(file.fileno(), fd)
        try:
            yield log
        except BaseException:
            os.write(saved[1][1], f"{traceback.format_exc()}\nthe whole log is in {log}\n".encode())
            raise
        finally:
            for fd, copy in saved:
                os.dup2(copy, fd)


if __name__ == "__main__":
    raise SystemExit(main())
