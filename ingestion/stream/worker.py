"""One worker process: `python -m ingestion.stream.worker JOB SHARE PIPE PARENT`, its settings on stdin.

Exit codes: 0 told to stop, 1 ended by a fault that it has told the supervisor of. Anything else is a
defect or a kill, and the supervisor starts it again.
"""

import pickle
import sys
from multiprocessing.connection import Connection

import structlog

from ingestion.errors import NewsError, Transient
from ingestion.settings import Settings
from ingestion.stream.orphans import die_with_parent
from ingestion.stream.pauses import Pauses
from ingestion.stream.places import Place
from ingestion.stream.reporter import Reporter
from ingestion.stream.signs import LastWord, Pipe, send
from ingestion.stream.stopping import Stopping
from ingestion.telemetry.logs import LogObserver, configure_logs

STDIN = 0
log = structlog.get_logger(__name__)


def main() -> int:
    """Read the place and the settings, and work."""
    job, share, pipe, parent = sys.argv[1:]
    stopping = Stopping()
    stopping.listen()
    settings: Settings = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the parent
    die_with_parent(int(parent), STDIN)
    place = Place(job, int(share))
    configure_logs(settings.log_level)
    structlog.contextvars.bind_contextvars(worker=place.name)
    with Connection(int(pipe), readable=False) as connection:
        return work(place, settings, pipe=connection, stopping=stopping)


def work(place: Place, settings: Settings, *, pipe: Pipe, stopping: Stopping) -> int:
    """Do the work of a place until told to stop, or until a fault that trying again does not heal."""
    own = settings.model_copy(update={"slot": place.slot(settings)})
    reporter = Reporter(place, own, pipe=pipe, steps=LogObserver())
    pauses = Pauses()
    while not stopping.told:
        try:
            _once(place, own, reporter, stopping)
        except Transient as fault:
            pause_seconds = pauses.next()
            log.warning(
                "worker_waits", fault=type(fault).__name__, reason=str(fault), pause_seconds=pause_seconds
            )
            reporter.failed(fault, pause_seconds)
            stopping.wait(pause_seconds)
        except NewsError as fault:
            send(pipe, LastWord(fault=type(fault).__name__, message=str(fault)))
            return 1
    return 0


def _once(place: Place, settings: Settings, reporter: Reporter, stopping: Stopping) -> None:
    from ingestion.stream.work import Work
    from ingestion.wiring import Wiring

    reporter.doing("opens what it needs")
    with Wiring(settings, reporter) as wiring:
        Work(place, wiring, reporter, stopping).run()
        reporter.doing("leaves")


if __name__ == "__main__":
    sys.exit(main())
