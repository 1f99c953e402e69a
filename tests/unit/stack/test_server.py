import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingestion.errors import ConfigurationError, Stop
from ingestion.stack import loopback
from ingestion.stack.fleet import options_of
from ingestion.stack.processes import command_of, resident_bytes
from tests.unit.stack.small_server import SmallServer, taken


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SmallServer]:
    made = SmallServer(tmp_path / "server")
    yield made
    made.kill()


def test_it_runs_from_start_to_stop(server: SmallServer) -> None:
    server.start()
    running = server.pid
    server.stop()

    assert running
    assert command_of(running) == []
    assert (server.pid, server.record) == (None, None)


def test_starting_it_again_changes_nothing(server: SmallServer) -> None:
    server.start()
    first = server.pid

    assert not SmallServer(server.folder).launch()
    assert server.pid == first


def test_it_comes_back_on_its_port_after_a_kill(server: SmallServer) -> None:
    server.start()
    first, port = server.pid, server.port
    server.kill()
    killed = server.pid
    server.restart()

    assert killed is None
    assert server.pid not in {first, None}
    assert SmallServer(server.folder).port == port


def test_many_who_start_it_at_once_start_one(server: SmallServer) -> None:
    with ThreadPoolExecutor(4) as threads:
        others = [SmallServer(server.folder) for _ in range(4)]
        list(threads.map(SmallServer.start, others))

    assert len({other.pid for other in others}) == 1
    assert len({other.url for other in others}) == 1


def test_a_process_that_has_got_its_id_is_left_alone(server: SmallServer) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    server.start()
    record = json.loads((server.folder / "server.json").read_text())
    server.kill()
    (server.folder / "server.json").write_text(json.dumps({**record, "pid": stranger.pid}))
    seen = SmallServer(server.folder)
    seen.stop()
    seen.kill()

    assert seen.pid is None
    assert stranger.poll() is None

    stranger.kill()
    stranger.wait()


def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    deaf = SmallServer(tmp_path, settings={"how": "deaf"})
    deaf.start()
    deaf.stop()

    assert deaf.pid is None


def test_a_frozen_one_can_be_ended(server: SmallServer) -> None:
    server.start()
    server.freeze()
    server.stop()

    assert server.pid is None


def test_one_that_ends_at_once_shows_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"Small did not start\.\nThe end of .*console\.log:\nbeginning dies"):
        SmallServer(tmp_path, settings={"how": "dies"}).start()


def test_a_taken_port_is_told_with_who_has_it(tmp_path: Path) -> None:
    with taken() as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"port {port}, .* taken by process {os.getpid()} \("):
            SmallServer(tmp_path, port).start()


def test_the_port_after_it_must_be_free_too(tmp_path: Path) -> None:
    port = loopback.free_port()
    with (
        taken(port + 1),
        pytest.raises(ConfigurationError, match=f"port {port + 1}, which Small needs, is taken"),
    ):
        SmallServer(tmp_path, port).start()


def test_a_broken_pid_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text("{")

    with pytest.raises(ConfigurationError, match=r"server\.json cannot be read: .*; remove it"):
        SmallServer(tmp_path)


def test_nobody_holds_a_free_port() -> None:
    port = loopback.free_port()

    assert loopback.is_free(port)
    assert loopback.holder(port) is None


def test_a_process_shows_its_memory() -> None:
    assert (resident_bytes(os.getpid()) or 0) > 1024 * 1024


def test_a_zombie_is_no_process() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    deadline = time.monotonic() + 30
    while command_of(child.pid) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert command_of(child.pid) == []
    assert child.wait() == 0


def test_settings_are_read_by_server() -> None:
    told = ["kafka:heap_mib=256", "elasticsearch:path.repo=a=b"]

    assert options_of(told) == {"kafka": {"heap_mib": "256"}, "elasticsearch": {"path.repo": "a=b"}}


@pytest.mark.parametrize("told", ["kafka:heap_mib", "heap_mib=256", "zookeeper:a=b", "kafka:=1"])
def test_a_setting_without_server_or_value_is_refused(told: str) -> None:
    with pytest.raises(ConfigurationError, match="write SERVER:NAME=VALUE"):
        options_of([told])
