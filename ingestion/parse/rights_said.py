"""Collecting what is said about rights in headers, meta elements and schema.org.

Most names of fields are in `fields.toml`; here is what a name alone does not tell.
"""

import re

from lxml.html import HtmlElement

from ingestion.article import Document, DocumentKind
from ingestion.parse.clues import Clues
from ingestion.parse.json_ld import LinkedData, Node, values_of
from ingestion.parse.robots_rules import agent_of, header_rules, meta_rules

AGENT_HINT = "fetch.agent"
"""The hint with the User-Agent that a document was fetched with."""

ROBOTS_HEADER = "header:x-robots-tag"
NOT_FREE = frozenset({"false", "0", "no"})
_OTHER_CRAWLER = re.compile(r"[a-z0-9.-]{0,30}bot(?:-[a-z]{1,20})?")
_ADDRESSED = {"license": "license", "usageInfo": "usage_info"}


def add_header_rights(clues: Clues, document: Document) -> None:
    """Add what the headers say: `X-Robots-Tag`, `TDM-Reservation` and `TDM-Policy`.

    The robots rules of a feed or an API are about that, not about the stories in it.
    """
    headers = {name.lower(): value for name, value in document.headers.items()}
    robots = headers.get("x-robots-tag", "")
    clues.add("x_robots_tag", robots, ROBOTS_HEADER)
    if document.kind in (DocumentKind.PAGE, DocumentKind.TEXT):
        for rule in header_rules(robots, _agent(document)):
            clues.add("robots_rule", rule, ROBOTS_HEADER)
    clues.add("tdm_reservation", headers.get("tdm-reservation"), "header:tdm-reservation")
    clues.add("tdm_policy", headers.get("tdm-policy"), "header:tdm-policy")


def add_meta_robots(clues: Clues, document: Document, tree: HtmlElement) -> None:
    """Add the rules of the meta elements for everybody, which are found already, and of those for us.

    Those for other crawlers are kept as what was said.
    """
    agent = _agent(document)
    for meta in tree.iter("meta"):
        name = (meta.get("name") or "").strip().lower()
        if name == agent:
            clues.add("meta_robots", meta.get("content"), f"meta:{agent}")
        elif _OTHER_CRAWLER.fullmatch(name):
            clues.add("other_robots", meta.get("content"), f"meta:{name}")
    for found in clues.of("meta_robots"):
        for rule in meta_rules(found.value):
            clues.add("robots_rule", rule, found.place)


def add_linked_rights(clues: Clues, article: Node, data: LinkedData, place: str) -> None:
    """Add the licence and the terms of a schema.org article by their addresses, and the parts to pay for."""
    for name, field in _ADDRESSED.items():
        for value in values_of(article.get(name)):
            clues.add(field, _address(data.resolved(value)), f"{place}:{name}")
    for value in values_of(article.get("hasPart")):
        part = data.resolved(value)
        if isinstance(part, dict) and _last_word(part.get("isAccessibleForFree")) in NOT_FREE:
            named = [selector for selector in values_of(part.get("cssSelector")) if isinstance(selector, str)]
            clues.add("paid_part", ", ".join(named) or "*", f"{place}:hasPart")


def _agent(document: Document) -> str:
    return agent_of(document.hints.get(AGENT_HINT))


def _address(value: object) -> object:
    if not isinstance(value, dict):
        return value
    named = (value.get(key) for key in ("url", "@id", "name", "@value"))
    return next((text for text in named if isinstance(text, str)), None)


def _last_word(value: object) -> str:
    return str(value).lower().rpartition("/")[2]
