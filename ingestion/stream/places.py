"""Which workers there are: one for each job and share, each with a slot of its own."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingestion.errors import ConfigurationError
from ingestion.settings import Settings
from ingestion.topics import ARTICLES, OUTCOMES, RAW, REJECTED

WATCH = "watch"
"""Counts the lag of every group, also while its workers are down."""

DEAD_LETTERS = "index_rejected"
SHARED = ("transform", "store", "index")
JOBS = (*SHARED, "account")
GROUPS: Mapping[str, str] = {
    "transform": RAW,
    "store": ARTICLES,
    "index": ARTICLES,
    DEAD_LETTERS: REJECTED,
    "account": OUTCOMES,
}
"""The topic that each group reads."""


class Place(NamedTuple):
    """One worker's place in the service."""

    job: str
    share: int

    @property
    def name(self) -> str:
        """How it is called in logs and metrics."""
        return f"{self.job}.{self.share}"

    def slot(self, settings: Settings) -> str:
        """Its slot: a worker that is started again in it takes its partitions back, and fences a zombie."""
        return f"{settings.slot}.{self.share}"


def groups(settings: Settings) -> Mapping[str, str]:
    """The groups that there are, with their topics: an embedded index takes no dead letters."""
    return {
        group: topic for group, topic in GROUPS.items() if group != DEAD_LETTERS or _takes_letters(settings)
    }


def _takes_letters(settings: Settings) -> bool:
    return not settings.search.startswith("index:")


def places(settings: Settings, jobs: Sequence[str]) -> list[Place]:
    """Deal out the places. Raises `ConfigurationError` for a job that there is not.

    What reads a topic of one partition gets one worker. Dead letters are indexed where articles are, if
    the index takes them.
    """
    unknown = sorted(set(jobs) - set(JOBS))
    if unknown or not jobs:
        raise ConfigurationError(f"--jobs {','.join(unknown) or '(none)'}: choose from {','.join(JOBS)}")
    dealt = [
        Place(job, share)
        for job in JOBS
        if job in jobs
        for share in range(settings.stream.processes if job in SHARED else 1)
    ]
    if "index" in jobs and _takes_letters(settings):
        dealt.append(Place(DEAD_LETTERS, 0))
    return [*dealt, Place(WATCH, 0)]
