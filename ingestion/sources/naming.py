"""Ids for new entries of the catalogue, made of what people call the thing."""

import re
import unicodedata
from collections.abc import Collection

OTHERS = re.compile(r"[^a-z0-9]+")
MAX_CHARS = 60


def slug(text: str, otherwise: str = "") -> str:
    """Make an id of lower-case ASCII letters, digits and `-`; `otherwise` where nothing is left."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return OTHERS.sub("-", plain).strip("-")[:MAX_CHARS].strip("-") or otherwise


def publisher_slug(domain: str) -> str:
    """`gazette` of `gazette.example`, `bbc` of `bbc.co.uk`."""
    labels = domain.lower().removeprefix("www.").split(".")
    return slug(labels[0], slug(domain, "publisher"))


def free(name: str, taken: Collection[str]) -> str:
    """The name, or the name with the first number that is free."""
    if name not in taken:
        return name
    return next(f"{name}-{n}" for n in range(2, len(taken) + 3) if f"{name}-{n}" not in taken)
