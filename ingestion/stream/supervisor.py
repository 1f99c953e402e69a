"""Starts the workers, starts them again, answers for them, and lets them finish."""

import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from signal import SIGTERM

import structlog

from ingestion import errors
from ingestion.errors import NewsError, Stop
from ingestion.settings import Settings
from ingestion.stream.crew import Crew
from ingestion.stream.health import serving
from ingestion.stream.member import Member
from ingestion.stream.places import Place
from ingestion.stream.signs import LastWord
from ingestion.stream.stopping import Stopping
from ingestion.telemetry.metrics import RESTARTS, Sample

TURN_SECONDS = 0.25
log = structlog.get_logger(__name__)


def supervise(settings: Settings, places: Sequence[Place], *, serves: Callable[[str], None]) -> None:
    """Run the service until a signal ends it. `serves` is told where health and metrics are.

    Raises the fault that ended it, where it was a fault, and `Stop` where a worker had to be killed.
    """
    stopping = Stopping()
    stopping.listen()
    supervisor = Supervisor(settings, places, stopping)
    with serving(settings.stream, supervisor.crew) as address:
        serves(address)
        supervisor.run()


class Supervisor:
    """One thread: signals, the signs of the workers, their ends and their restarts, in turn."""

    def __init__(self, settings: Settings, places: Sequence[Place], stopping: Stopping) -> None:
        self._grace_seconds = settings.stream.grace_seconds
        self._members = [Member(place, settings) for place in places]
        self._stopping = stopping
        self._fault: NewsError | None = None
        self.crew = Crew(self._members, settings.stream.liveness_seconds)

    def run(self) -> None:
        """Work until told to stop, or until a worker says that it cannot go on."""
        try:
            while not self._stopping.told and not self._fault:
                self._start_due()
                self._turn(self._start_again)
        finally:
            killed = self._let_finish()
        if self._fault:
            raise self._fault
        if killed:
            raise Stop(f"{', '.join(killed)} did not end in time and had to be killed; nothing is lost")

    def _start_due(self) -> None:
        for member in self._members:
            if member.pid is None and time.monotonic() >= member.starts_at:
                member.start()

    def _turn(self, when_ended: Callable[[Member, int], None]) -> None:
        """Hear what the workers have to say, and see who has ended."""
        self.crew.turned(stopping=bool(self._stopping.told or self._fault))
        speaking = {m.pipe: m for m in self._members if m.pipe}
        for pipe in wait(list(speaking), timeout=TURN_SECONDS):
            member = speaking[pipe]  # type: ignore[index]  # what went in comes out
            try:
                self._hear(member)
            except (EOFError, OSError):
                when_ended(member, member.ended())
        if not speaking:
            self._stopping.wait(TURN_SECONDS)

    def _hear(self, member: Member) -> None:
        for message in member.messages():
            if isinstance(message, LastWord):
                log.error("worker_gives_up", worker=member.place.name, fault=message.fault)
                self._fault = self._fault or _fault(message)
            else:
                self.crew.meters.add(message.samples)

    def _start_again(self, member: Member, code: int) -> None:
        if not self._fault:
            member.start_later(code)
            self.crew.meters.add([Sample(RESTARTS.name, (member.place.name,), 1)])

    def _let_finish(self) -> list[str]:
        """Have every worker finish its batch and leave; return the names of those that had to be killed."""
        told_before = self._stopping.told
        deadline = time.monotonic() + self._grace_seconds
        for member in self._members:
            member.tell_to_stop()
        killed: list[str] = []
        while any(member.pid for member in self._members):
            if not killed and (time.monotonic() > deadline or self._stopping.told > max(1, told_before)):
                killed = [member.place.name for member in self._members if member.pid]
                log.error("workers_killed", workers=killed)
                for member in self._members:
                    member.kill()
            self._turn(_note_end)
        return killed


def _note_end(member: Member, code: int) -> None:
    """A worker may end by the signal itself, where it comes before the worker listens."""
    level = log.info if code in {0, -SIGTERM} else log.warning
    level("worker_ended", worker=member.place.name, exit_code=code)


def _fault(word: LastWord) -> NewsError:
    kind = getattr(errors, word.fault, Stop)
    return kind(word.message) if kind is not errors.HttpFailure else Stop(word.message)
