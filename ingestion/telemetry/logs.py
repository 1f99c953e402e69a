"""Logs: constant event names with key-values, to standard error; a terminal gets colours, a pipe JSON."""

import logging
import sys
from typing import Any

import structlog


def configure_logs(level: str) -> None:
    """Set up logging for this process. Client libraries speak from `warning` on only."""
    minimum = logging.getLevelNamesMapping()[level.upper()]
    terminal = sys.stderr.isatty()
    renderer: Any = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(minimum),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=_to_standard_error,
    )
    for name in ("kafka", "elastic_transport", "httpx", "httpcore", "great_expectations"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _to_standard_error(*_: object) -> structlog.PrintLogger:
    """Find it anew each time: a program may put another file in its place, and close the first."""
    return structlog.PrintLogger(sys.stderr)


class LogObserver:
    """`ports.Observer`: each step of the walk is a debug event."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("ingestion.pipeline")

    def reached(self, step: str, **facts: object) -> None:
        """Log the step with its facts."""
        self._log.debug("step", step=step, **facts)
