"""How much of one text is in another, and what that makes of the later one.

Measured on the shingles that both samples have: exact for texts of up to `sketch.MOST_SHINGLES` distinct
shingles, for longer ones within a few hundredths.
"""

from enum import StrEnum
from typing import NamedTuple

from ingestion.stages.sketch import Sample, Sketch

COPY_RESEMBLANCE = 0.6
"""A copy shares so much of all that either text has (Jaccard): a few words changed, a line added."""

REWRITE_CONTAINMENT = 0.5
REWRITE_LEAST_CONTAINMENT = 0.2
REWRITE_CONTAINMENTS = 0.9
"""A rewrite shares so much of one text, so much of the other, and so much of both added up.

A new beginning or a cut end leaves it; a digest holds an article among many others, and a report quotes it.
"""

LEAST_SHARED = 30
"""A rewrite has so many shingles of the other text; fewer are a publisher's furniture, or a quote."""

LEAST_EVIDENCE = 12
"""Fewer shingles of the shorter text in the sample say nothing."""

UNBROKEN = 0.4
UNBROKEN_OF_ALIKE = 0.6
NEARLY = 0.1
"""Of what a copy shares, so much goes on alike: where less does, other words stand every few words.

Of texts with nearly the resemblance of a copy the second is asked: forms differ in nothing else.
"""

LEAST_PLACES = 3
NUMBERS_AGREE = 0.65
"""A copy has the same numbers in the same places. Of so many places, forms have fewer that agree."""


class Grade(StrEnum):
    """What a text is to an earlier one."""

    COPY = "copy"
    REWRITE = "rewrite"


class Likeness(NamedTuple):
    """What two texts share, as parts of all that either has, of the later text, and of the earlier.

    `unbroken` is the part of the shared shingles after which both go on alike, `shared` about how many these
    are, and `numbers_agree` the part of the shared places that have the same number.
    """

    resemblance: float
    of_later: float
    of_earlier: float
    shared: int
    unbroken: float
    numbers_agree: float

    @property
    def grade(self) -> Grade | None:
        """Say by the words alone what the later text is; None for a text of its own."""
        if self.resemblance >= COPY_RESEMBLANCE:
            return Grade.COPY
        if self.shared < LEAST_SHARED:
            return None
        # a shingle that is shared is as long as half of its tail, so edits leave so much of the shingles
        unedited = self.unbroken**0.5 or 1.0
        less, more = sorted((self.of_later / unedited, self.of_earlier / unedited))
        is_rewrite = (
            more >= REWRITE_CONTAINMENT
            and less >= REWRITE_LEAST_CONTAINMENT
            and less + more >= REWRITE_CONTAINMENTS
        )
        return Grade.REWRITE if is_rewrite else None

    @property
    def are_forms(self) -> bool:
        """Whether both are one form, filled in twice: other words in many places, or other numbers."""
        alike = min(max(0.0, self.resemblance - COPY_RESEMBLANCE + NEARLY) / NEARLY, 1.0)
        asked = UNBROKEN + alike * (UNBROKEN_OF_ALIKE - UNBROKEN)
        return self.unbroken < asked or self.numbers_agree < NUMBERS_AGREE


def likeness(later: Sketch, earlier: Sketch) -> Likeness | None:
    """Compare two texts; None where the samples have too little in common to say."""
    ours, theirs = _levelled(later.shingles, earlier.shingles)
    if min(len(ours.values), len(theirs.values)) < LEAST_EVIDENCE:
        return None
    shared, unbroken = _common(ours, theirs)
    places, agreeing = _common(*_levelled(later.places, earlier.places))
    return Likeness(
        resemblance=shared / (len(ours.values) + len(theirs.values) - shared),
        of_later=shared / len(ours.values),
        of_earlier=shared / len(theirs.values),
        shared=shared << ours.level,
        unbroken=unbroken,
        numbers_agree=agreeing if places >= LEAST_PLACES else 1.0,
    )


def _levelled(ours: Sample, theirs: Sample) -> tuple[Sample, Sample]:
    level = max(ours.level, theirs.level)
    return ours.at(level), theirs.at(level)


def _common(ours: Sample, theirs: Sample) -> tuple[int, float]:
    """How many values both have, and with which part of them goes the same, where anything does."""
    if not len(theirs.values):
        return 0, 1.0
    at = theirs.values.searchsorted(ours.values).clip(max=len(theirs.values) - 1)
    is_shared = theirs.values[at] == ours.values
    tails, others = ours.tails[is_shared], theirs.tails[at[is_shared]]
    known = (tails > 0) & (others > 0)
    same = int(((tails == others) & known).sum())
    return len(tails), same / max(1, int(known.sum())) if known.any() else 1.0
