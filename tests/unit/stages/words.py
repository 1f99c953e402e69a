"""Prose of invented words, the same at every run; different seeds share no run of words."""

import random
import string


def prose(seed: int, words: int) -> str:
    """So many words, without digits."""
    chance = random.Random(f"prose {seed}")  # noqa: S311 - prose, no secret
    return " ".join(
        "".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 9))) for _ in range(words)
    )
