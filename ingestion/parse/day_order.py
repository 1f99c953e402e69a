"""Whether days are printed before months where a page is from, by its language and its address."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from ingestion.article import Document
from ingestion.parse.clues import Found
from ingestion.parse.language import bcp47

_MONTH_FIRST = frozenset({"US", "PH", "PW", "FM", "GU"})
_YEAR_FIRST = frozenset({"ja", "zh", "ko", "hu", "lt", "mn", "eu"})
_DAY_FIRST_ENDS = frozenset(
    [
        "uk",
        "au",
        "ie",
        "nz",
        "in",
        "za",
        "pk",
        "ng",
        "ke",
        "sg",
        "my",
        "hk",
        "gh",
        "mt",
        "lk",
        "bd",
        "jm",
        "zw",
    ]
)
_MONTH_FIRST_ENDS = frozenset({"us", "gov", "edu", "mil", "ph"})
"""Ends of addresses in English."""


def day_first(declared: Sequence[Found], document: Document) -> bool | None:
    """Tell the order; None where neither a declared language with its country nor the address tells it."""
    tags = [tag for found in declared if (tag := bcp47(found.value))]
    told = next((order for tag in tags if (order := _by_tag(tag)) is not None), None)
    return _by_address(document) if told is None else told


def _by_tag(tag: str) -> bool | None:
    """Read `en-GB`; English without a country tells nothing, another language its own custom."""
    language, *rest = tag.split("-")
    country = rest[-1] if rest and len(rest[-1]) == 2 else None
    if language in _YEAR_FIRST or (language == "en" and country in (None, "CA")):
        return None
    return country not in _MONTH_FIRST if language == "en" or country != "US" else None


def _by_address(document: Document) -> bool | None:
    host = urlsplit(document.fetched_url or document.discovered_url or "").hostname or ""
    end = host.rpartition(".")[2]
    return True if end in _DAY_FIRST_ENDS else False if end in _MONTH_FIRST_ENDS else None
