"""Logs go to what is standard error when they are written."""

import io
import sys

import pytest
import structlog

from ingestion.telemetry.logs import configure_logs


def test_logs_follow_standard_error_when_it_is_another_file(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    configure_logs("info")
    try:
        log = structlog.get_logger("test")
        log.info("one")
        first_text = first.getvalue()
        first.close()
        monkeypatch.setattr(sys, "stderr", second)
        log.info("two", number=2)
    finally:
        structlog.reset_defaults()

    assert '"event": "one"' in first_text
    assert '"number": 2' in second.getvalue()
