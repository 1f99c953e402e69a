"""The rights of an article: what was said, where, and what follows; `docs/rights.md` has the rules."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ingestion.article import Access, Document, DocumentKind, Permission, Rights, RightsStatement
from ingestion.parse.clues import Clues, Found
from ingestion.parse.robots_rules import unavailable_after

_FREE = "true 1 yes free"
_PAYWALLED = "false 0 no locked paid premium subscription paywall"
_METERED = "metered registration"
_ACCESS = {
    **dict.fromkeys(_FREE.split(), Access.FREE),
    **dict.fromkeys(_PAYWALLED.split(), Access.PAYWALLED),
    **dict.fromkeys(_METERED.split(), Access.METERED),
}
_BEHIND_PAYWALL = {"true": "false", "1": "false", "yes": "false", "false": "true", "0": "true", "no": "true"}
_RESERVED = {"1": True, "0": False}
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_NO_MINING = frozenset({"noai"})
_NO_INDEX = frozenset({"noindex", "none"})
_NO_ARCHIVE = frozenset({"noarchive", "nocache"})
_TEXTS = ("license", "tdm_policy", "usage_info", "usage_terms", "copyright_holder", "copyright_notice")
_SAID = (
    *("access", "paywall", "paid_part", "x_robots_tag", "meta_robots", "other_robots"),
    *("tdm_reservation", "tdm_policy", "license", "usage_info", "usage_terms"),
    *("copyright_holder", "copyright_year", "copyright_notice"),
)


class Chosen(NamedTuple):
    """The value of a field of `Rights`, and the place that it was found at or that decides."""

    value: Any
    place: str | None = None


def rights_of(clues: Clues, document: Document) -> tuple[Rights, dict[str, str]]:
    """Return the rights, and the place of each field; what nobody said is unknown, never free or allowed."""
    chosen = {
        **{field: _text(clues, field) for field in _TEXTS},
        "access": _access(clues),
        "paid_parts": _joined(clues, "paid_part"),
        "meta_robots": _joined(clues, "meta_robots"),
        "copyright_year": _year(clues),
        **_by_protocol(clues),
        **_by_robots(clues, document),
    }
    rights = Rights(
        robots=document.robots or None,
        statements=tuple(_statements(clues, document)),
        **{field: found.value for field, found in chosen.items()},
    )
    return rights, {f"rights.{field}": found.place for field, found in chosen.items() if found.place}


def _text(clues: Clues, field: str) -> Chosen:
    found = clues.first(field)
    return Chosen(found.value, found.place) if found else Chosen(None)


def _joined(clues: Clues, field: str) -> Chosen:
    found = clues.of(field)
    return Chosen(", ".join(one.value for one in found), found[0].place) if found else Chosen(None)


def _year(clues: Clues) -> Chosen:
    for found in clues.of("copyright_year"):
        if years := _YEAR.findall(found.value):
            return Chosen(int(years[-1]), found.place)
    return Chosen(None)


def _access(clues: Clues) -> Chosen:
    """Take the first word on access; where a part has its price, or a meter is named too, it is metered."""
    stated = [*_stated(clues)]
    paid_part = clues.first("paid_part")
    metered = next((one for one in stated if one.value is Access.METERED), None)
    first = next(iter(stated), None)
    if paid_part and (first is None or first.value is Access.FREE):
        return Chosen(Access.METERED, paid_part.place)
    if first and first.value is Access.PAYWALLED and metered:
        return metered
    return first or Chosen(Access.UNKNOWN)


def _stated(clues: Clues) -> Iterator[Chosen]:
    turned = [Found(_BEHIND_PAYWALL.get(f.value.lower(), ""), f.place) for f in clues.of("paywall")]
    for found in (*clues.of("access"), *turned):
        word = found.value.lower().rpartition("/")[2]
        if word in _ACCESS:
            yield Chosen(_ACCESS[word], found.place)


def _by_protocol(clues: Clues) -> dict[str, Chosen]:
    """Read TDMRep, of which page, header and file are found in this order, the order of their precedence.

    Any other value than 0 and 1 is an error by which nothing is said. A `noai` rule reserves by itself.
    """
    valid = (found for found in clues.of("tdm_reservation") if found.value in _RESERVED)
    stated = next((Chosen(_RESERVED[found.value], found.place) for found in valid), Chosen(None))
    refusal = _first_of(clues.of("robots_rule"), _NO_MINING)
    mining = Chosen(Permission.UNKNOWN)
    if stated.value is not None:
        mining = Chosen(Permission.RESERVED if stated.value else Permission.ALLOWED, stated.place)
    if refusal and mining.value is not Permission.RESERVED:
        mining = Chosen(Permission.RESERVED, refusal.place)
    return {"tdm_reservation": stated, "text_and_data_mining": mining}


def _by_robots(clues: Clues, document: Document) -> dict[str, Chosen]:
    rules = clues.of("robots_rule")
    closing = _closing(rules, document)
    closed = closing.value is not None and closing.value <= document.fetched_at
    refused = Found("", str(closing.place)) if closed else _first_of(rules, _NO_INDEX)
    return {
        "robots_directives": Chosen(
            tuple(dict.fromkeys(rule.value for rule in rules)), rules[0].place if rules else None
        ),
        "unavailable_after": closing,
        "indexing": _permitted(refused, _first_of(rules, {"index", "all"}), document),
        "archiving": _permitted(_first_of(rules, _NO_ARCHIVE), _first_of(rules, {"archive"}), document),
    }


def _closing(rules: Sequence[Found], document: Document) -> Chosen:
    """Return the earliest time after which it is to be shown no more."""
    times: list[tuple[datetime, str]] = [
        (at, rule.place) for rule in rules if (at := unavailable_after(rule, document.publisher))
    ]
    return Chosen(*min(times)) if times else Chosen(None)


def _first_of(rules: Sequence[Found], names: frozenset[str] | set[str]) -> Found | None:
    return next((rule for rule in rules if rule.value in names), None)


def _permitted(refused: Found | None, allowed: Found | None, document: Document) -> Chosen:
    """The more restrictive rule counts; where a page was read that refuses nothing, it is allowed."""
    if refused:
        return Chosen(Permission.RESERVED, refused.place)
    if document.kind is DocumentKind.PAGE or (document.kind is DocumentKind.TEXT and document.headers):
        return Chosen(Permission.ALLOWED, allowed.place if allowed else None)
    return Chosen(Permission.UNKNOWN)


def _statements(clues: Clues, document: Document) -> Iterator[RightsStatement]:
    if document.robots:
        yield RightsStatement(about="robots", value=document.robots, source="robots.txt")
    for about in _SAID:
        for found in clues.of(about):
            yield RightsStatement(about=about, value=found.value, source=found.place)
    if note := document.hints.get("tdmrep.note"):
        yield RightsStatement(about="tdm_file", value=note, source="tdmrep:file")
