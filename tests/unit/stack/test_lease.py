import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.lease import ROOT, leased
from tests.unit.stack.small_server import SmallServer

USER = """
import sys, time
from pathlib import Path
from tests.lease import leased
from tests.unit.stack.small_server import SmallServer
with leased(SmallServer(Path(sys.argv[1]))) as server:
    print(server.url, flush=True)
    time.sleep(600)
"""
DEADLINE_SECONDS = 30


def user_of(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A process that uses the server until it is killed, and the address that it was given."""
    process = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    with process.stdout as told:
        return process, told.readline().strip()


def becomes(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def test_it_ends_when_its_last_user_is_killed(tmp_path: Path) -> None:
    first, first_url = user_of(tmp_path)
    second, second_url = user_of(tmp_path)
    server = SmallServer(tmp_path)
    running = server.pid
    end(first)
    time.sleep(0.5)
    still_running = server.pid
    end(second)

    assert running
    assert first_url == second_url == server.url
    assert still_running == running
    assert becomes(lambda: server.pid is None and not server.data.exists())


def test_the_next_user_gets_one_that_runs(tmp_path: Path) -> None:
    for _ in range(5):
        with leased(SmallServer(tmp_path)) as server:
            answered = server.answers()

        assert answered


def test_a_child_of_a_user_does_not_keep_it(tmp_path: Path) -> None:
    with leased(SmallServer(tmp_path)) as server:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)

    assert becomes(lambda: server.pid is None)
    assert child.poll() is None

    child.kill()
    child.wait()


def test_a_server_that_its_user_killed_and_restarted_ends_too(tmp_path: Path) -> None:
    with leased(SmallServer(tmp_path)) as server:
        first = server.pid
        server.kill()
        server.start()
        second = server.pid

    assert first != second
    assert becomes(lambda: server.pid is None)
