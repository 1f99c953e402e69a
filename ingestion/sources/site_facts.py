"""What a page says of its publisher. What it does not say stays unknown: nothing is guessed from a domain."""

import re
from collections.abc import Iterator

from lxml.html import HtmlElement
from msgspec import Struct

from ingestion.parse.json_ld import Node
from ingestion.parse.structured import survey
from ingestion.parse.urls import registered_host
from ingestion.sources.documents import wellformed

PUBLISHERS = ("NewsMediaOrganization", "Organization", "WebSite")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
COUNTRY = re.compile(r"[A-Z]{2}")
MAX_NAME_CHARS = 200


class SiteFacts(Struct, frozen=True, kw_only=True):
    """A publisher as its own page introduces it."""

    name: str | None = None
    domain: str | None = None
    language: str | None = None
    country: str | None = None


def site_facts(tree: HtmlElement, url: str) -> SiteFacts:
    """Read the name (og:site_name, JSON-LD), the language and the country of a page."""
    page = survey(tree)
    nodes = list(page.data.of_type(*PUBLISHERS))
    stated = sorted(page.clues.of("site"), key=lambda clue: "og:site_name" not in clue.place)
    names = (*(clue.value for clue in stated), *(_text(node.get("name")) for node in nodes))
    return SiteFacts(
        name=next((named for name in names if (named := clean_name(name))), None),
        domain=registered_host(url),
        language=clean_language(tree.get("lang") or tree.get("xml:lang")),
        country=next((found for node in nodes for found in _countries(node)), None),
    )


def clean_name(name: str | None) -> str | None:
    """A name on one line, not too long; None where there is none."""
    return wellformed(" ".join((name or "").split())[:MAX_NAME_CHARS]) or None


def clean_language(code: str | None) -> str | None:
    """A language tag as BCP 47 writes it; None where it is none."""
    tag = (code or "").strip().replace("_", "-")
    return tag if LANGUAGE.fullmatch(tag) else None


def _countries(node: Node) -> Iterator[str]:
    address = node.get("address")
    country = address.get("addressCountry") if isinstance(address, dict) else None
    name = _text(country.get("name") if isinstance(country, dict) else country)
    if name and COUNTRY.fullmatch(name):
        yield name


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
