"""How much of one text is in another, and what that makes of the later one.

Measured on the shingles that both samples have: exact for texts of up to `sketch.MOST_SHINGLES` distinct
shingles, for longer ones within a few hundredths.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from ingestion.stages.sketch import Sample, Sketch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COPY_RESEMBLANCE = 0.6
"""A copy shares so much of all that either text has (Jaccard): a few words changed, a line added."""

REWRITE_CONTAINMENT = 0.5
REWRITE_LEAST_CONTAINMENT = 0.15
"""A rewrite shares so much of the shorter text, and so much of the longer: a new beginning, a cut end.

Below the second it is a digest that quotes an article, or holds it among many others.
"""

LEAST_EVIDENCE = 12
"""Fewer shingles of the shorter text in the sample say nothing."""

LEAST_NUMBERS = 4
NUMBERS_CONTAINMENT = 0.5
"""A copy repeats the numbers. Of texts with so many, those that share less are one form filled in twice."""


class Grade(StrEnum):
    """What a text is to an earlier one."""

    COPY = "copy"
    REWRITE = "rewrite"


class Likeness(NamedTuple):
    """What two texts share, as parts of all that either has, of the later text, and of the earlier."""

    resemblance: float
    of_later: float
    of_earlier: float
    numbers_agree: bool

    @property
    def grade(self) -> Grade | None:
        """Say by the words alone what the later text is; None for a text of its own."""
        if self.resemblance >= COPY_RESEMBLANCE:
            return Grade.COPY
        less, more = sorted((self.of_later, self.of_earlier))
        is_rewrite = more >= REWRITE_CONTAINMENT and less >= REWRITE_LEAST_CONTAINMENT
        return Grade.REWRITE if is_rewrite else None


def likeness(later: Sketch, earlier: Sketch) -> Likeness | None:
    """Compare two texts; None where the samples have too little in common to say."""
    ours, theirs = _levelled(later.shingles, earlier.shingles)
    if min(len(ours), len(theirs)) < LEAST_EVIDENCE:
        return None
    shared = _shared(ours, theirs)
    return Likeness(
        resemblance=shared / (len(ours) + len(theirs) - shared),
        of_later=shared / len(ours),
        of_earlier=shared / len(theirs),
        numbers_agree=_numbers_agree(later.numbers, earlier.numbers),
    )


def _numbers_agree(later: Sample, earlier: Sample) -> bool:
    ours, theirs = _levelled(later, earlier)
    fewer = min(len(ours), len(theirs))
    return fewer < LEAST_NUMBERS or _shared(ours, theirs) >= NUMBERS_CONTAINMENT * fewer


def _levelled(ours: Sample, theirs: Sample) -> "tuple[NDArray[np.uint32], NDArray[np.uint32]]":
    level = max(ours.level, theirs.level)
    return ours.at(level), theirs.at(level)


def _shared(ours: "NDArray[np.uint32]", theirs: "NDArray[np.uint32]") -> int:
    import numpy as np

    return len(np.intersect1d(ours, theirs, assume_unique=True))
