"""How long a host is left alone that refuses (429, 503) and does not say for how long."""

FIRST_REFUSAL_SECONDS = 30.0
LONGEST_REFUSAL_SECONDS = 24 * 3600.0
JITTER_SHARE = 0.25
"""Pauses are lengthened by up to this share, so that crawlers do not come back all at once."""


def refusal_seconds(refusals_before: int, chance: float) -> float:
    """Twice as long with every refusal in a row, up to a day; `chance` is between 0 and 1."""
    doubled = FIRST_REFUSAL_SECONDS * 2.0 ** min(refusals_before, 32)
    return min(doubled, LONGEST_REFUSAL_SECONDS) * (1 + JITTER_SHARE * chance)
