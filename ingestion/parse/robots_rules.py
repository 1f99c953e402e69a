"""Robots rules of a page or an answer, and which of them are for this crawler.

The words are those of `X-Robots-Tag` and `<meta name="robots">` as the large search engines document them.
A rule for another crawler by name is none of ours.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from ingestion.article import Publisher
from ingestion.parse.clean import one_line
from ingestion.parse.clues import Found
from ingestion.parse.dates import moment_of

UNAVAILABLE = "unavailable_after"
EVERYBODY = frozenset({"*", "robots"})
DEFAULT_AGENT = "news-ingestion"
MAX_RULES = 50
MAX_RULE_CHARS = 200
_WITH_VALUE = frozenset({"max-snippet", "max-image-preview", "max-video-preview", UNAVAILABLE})
_NAMED = re.compile(r"([\w.*-]+)\s*:\s*(.*)", re.DOTALL)
_RULE = re.compile(r"[a-z][a-z0-9_-]*(?::.*)?$")


def agent_of(user_agent: str | None) -> str:
    """Return the name by which robots rules call a crawler: the product of its User-Agent, in lower case."""
    product = re.match(r"[\w.-]+", (user_agent or "").strip())
    return product[0].lower() if product else DEFAULT_AGENT


def header_rules(value: str, agent: str) -> tuple[str, ...]:
    """Return the rules of a header that are for everybody or for us.

    Headers of the same name are lines apart. A crawler's name goes for the rest of its line, so where an
    intermediary has put lines together with commas, rules that follow a name count as that crawler's.
    """
    ours = EVERYBODY | {agent}
    found = (rule for line in value.splitlines() for rule in _of_line(line, ours))
    return _bounded(found)


def meta_rules(value: str) -> tuple[str, ...]:
    """Return the rules of a meta element's content."""
    return _bounded(rule for part in _parts(value) for rule in _spelled(part))


def _of_line(line: str, ours: frozenset[str]) -> Iterator[str]:
    concerns_us = True
    for part in _parts(line):
        named = _NAMED.fullmatch(part)
        if named and named[1].lower() not in _WITH_VALUE:
            concerns_us = named[1].lower() in ours
            part = named[2]  # noqa: PLW2901 - the rule that follows a name
        if concerns_us:
            yield from _spelled(part)


def _parts(text: str) -> Iterator[str]:
    """Cut at commas, and semicolons that stand for them, but not after the weekday of a date."""
    waiting = ""
    for cut in re.split("[,;\\n]", text):
        part = one_line(cut)
        if waiting and not part[:1].isdecimal():
            yield waiting
            waiting = ""
        whole = f"{waiting}, {part}" if waiting else part
        if UNAVAILABLE in whole.lower():
            waiting = whole
        else:
            yield whole
    if waiting:
        yield waiting


def _spelled(part: str) -> Iterator[str]:
    """Spell a rule in one way; words without a comma between them are rules each."""
    name, colon, value = (piece.strip() for piece in part.lower().partition(":"))
    rules = [f"{name}:{' ' * (name == UNAVAILABLE)}{value}"] if colon else name.split()
    for rule in rules:
        if _RULE.match(rule) and len(rule) <= MAX_RULE_CHARS:
            yield rule


def _bounded(rules: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rules))[:MAX_RULES]


def unavailable_after(rule: Found, publisher: Publisher) -> datetime | None:
    """Return the time that an `unavailable_after` rule names, UTC; None for other rules and other words."""
    name, _, value = rule.value.partition(":")
    if name != UNAVAILABLE:
        return None
    try:
        then = parsedate_to_datetime(value.strip())
        return (then if then.tzinfo else then.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        moment = moment_of(Found(value.strip(), rule.place), publisher)
        return moment.at if moment else None
