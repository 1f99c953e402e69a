"""One robots.txt: what it allows, decided by Protego, and which of its lines decided, found here."""

import codecs
import re
from dataclasses import dataclass

from protego import Protego

from ingestion.fetch.path_patterns import matches, path_of

MAX_ROBOTS_BYTES = 500 * 1024
"""RFC 9309, section 2.5: so much is parsed; the rest is left out."""

MAX_DELAY_SECONDS = 24 * 3600.0
MAX_SHOWN_CHARS = 120
_PRODUCT = re.compile(r"[\w.-]+")
_BREAKS_OF_UNICODE = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))
_LINE = re.compile(r"\s*(?P<field>[A-Za-z][A-Za-z -]*?)\s*:\s*(?P<value>[^#]*)")
_AGENT = frozenset({"user-agent", "useragent", "user agent"})
_ALLOW = frozenset({"allow"})
_DISALLOW = frozenset({"disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"})
_OF_THE_WHOLE_SITE = frozenset({"sitemap", "sitemaps", "site-map", "host"})


@dataclass(frozen=True, kw_only=True)
class Line:
    """A rule, where it stands and for whom."""

    allows: bool
    pattern: str
    agent: str
    number: int

    def __str__(self) -> str:
        """Name it for a person."""
        pattern = "".join(sign if sign.isprintable() else "�" for sign in self.pattern[:MAX_SHOWN_CHARS])
        return f"'{'Allow' if self.allows else 'Disallow'}: {pattern}' for '{self.agent}', line {self.number}"


class RobotsText:
    """The rules of one file for one crawler."""

    def __init__(self, body: bytes, user_agent: str) -> None:
        text = decoded(body)
        self._agent = product(user_agent)
        self._rules = Protego.parse(text)
        found = [line for line in _lines(text) if _is_for(line.agent, self._agent)]
        best = max((_weight(line) for line in found), default=0)
        self._lines = sorted(
            (line for line in found if _weight(line) == best),
            key=lambda line: (-len(line.pattern), not line.allows, line.number),
        )
        self.is_web_page = text.lstrip()[:1] == "<"

    @property
    def crawl_delay_seconds(self) -> float:
        """The pause that it asks for, which is no part of the standard, and kept all the same."""
        return min(self._rules.crawl_delay(self._agent) or 0.0, MAX_DELAY_SECONDS)

    def allows(self, url: str) -> bool:
        """Whether the crawler may fetch an address."""
        return bool(self._rules.can_fetch(url, self._agent))

    def line(self, url: str) -> Line | None:
        """Return the line that decides on an address; None where none does, or it cannot be told which."""
        path = path_of(url)
        if path is None:
            return None
        found = next((line for line in self._lines if matches(line.pattern, path)), None)
        return found if found and found.allows == self.allows(url) else None


def product(user_agent: str) -> str:
    """Return the name by which robots.txt calls a crawler: the product of its User-Agent (section 2.2.1).

    The rest of it, as an address to complain to, holds words that are other crawlers' names.
    """
    found = _PRODUCT.match(user_agent.strip())
    return found[0].lower() if found else "*"


def decoded(body: bytes) -> str:
    """Read the bytes as UTF-8, or as what their mark says; what is beyond the limit is left out by lines."""
    if len(body) > MAX_ROBOTS_BYTES:
        body = body[:MAX_ROBOTS_BYTES]
        body = body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]
    wide = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = body.decode("utf-16" if wide else "utf-8-sig", "replace")
    return text.translate(_BREAKS_OF_UNICODE)


def _lines(text: str) -> list[Line]:
    """Read the rules with the crawlers that they are for; lines that are no rules end no group."""
    found: list[Line] = []
    agents: set[str] = set()
    in_rules = False
    for number, line in enumerate(text.splitlines(), start=1):
        parts = _LINE.match(line)
        field = parts["field"].lower() if parts else ""
        if parts is None or field in _OF_THE_WHOLE_SITE:
            continue
        value = parts["value"].strip()
        if field in _AGENT:
            agents = {value.lower()} | (set() if in_rules else agents)
        elif value and field in _ALLOW | _DISALLOW:
            allows = field in _ALLOW
            found += [Line(allows=allows, pattern=value, agent=agent, number=number) for agent in agents]
        in_rules = field not in _AGENT
    return found


def _is_for(agent: str, crawler: str) -> bool:
    return agent == "*" or (bool(agent) and crawler.startswith(agent.replace("*", "")))


def _weight(line: Line) -> int:
    return 1 if line.agent == "*" else 1 + len(line.agent)
