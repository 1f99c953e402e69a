"""A front page or section page as a listing: the links on it that look like articles, and nothing beyond."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml.html import HtmlElement

from ingestion.errors import Unreadable
from ingestion.parse.charset import decode
from ingestion.parse.html import parsed
from ingestion.parse.urls import registered_host
from ingestion.source_ports import Fetched, Link
from ingestion.sources.article_links import Anchor, Mark, Place, score
from ingestion.sources.catalogue import LinkRules
from ingestion.sources.documents import Origin, from_answer, wellformed
from ingestion.sources.link_rules import LinkChoice
from ingestion.sources.listing import Reading

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
PLACES = {
    "nav": Place.FURNITURE,
    "footer": Place.FURNITURE,
    "header": Place.FURNITURE,
    "form": Place.FURNITURE,
    "aside": Place.ASIDE,
    "main": Place.MAIN,
    "article": Place.MAIN,
}
ROLES = {
    "navigation": Place.FURNITURE,
    "contentinfo": Place.FURNITURE,
    "banner": Place.FURNITURE,
    "menu": Place.FURNITURE,
    "menubar": Place.FURNITURE,
    "complementary": Place.ASIDE,
    "main": Place.MAIN,
    "article": Place.MAIN,
}
FURNITURE = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|submenu|footer|breadcrumbs?|social|share|cookies?)(?:$|[\s_-])",
    re.IGNORECASE,
)
MAX_TEXT_CHARS = 500
NAMED = Mark("named by the catalogue", 9)


class FrontPageReader:
    """Reads one page of a publisher; its links are visited, but never read for links of their own.

    Where the catalogue says which addresses are articles (`links.include`), that goes before any guess.
    """

    def __init__(self, rules: LinkRules) -> None:
        self._named = LinkChoice(rules) if rules.include else None

    def read(self, origin: Origin, answer: Fetched) -> Reading:
        """Find the links to articles, in the order of the page. Raises `Unreadable`."""
        tree = page_tree(origin, answer)
        return Reading(links=tuple(article_links(tree, answer.url, self._named)))


def page_tree(origin: Origin, answer: Fetched) -> HtmlElement:
    """Parse a fetched page. Raises `Unreadable`."""
    document = from_answer(origin, Link(url=answer.url), answer)
    if document.kind.value != "page":
        raise Unreadable(f"not a page: {document.kind.value} was found instead")
    return parsed(decode(document).text)


def article_links(tree: HtmlElement, url: str, named: LinkChoice | None = None) -> Iterator[Link]:
    """Yield the links to articles of the same publisher, each with its score."""
    for anchor in anchors(tree, url):
        judged = score(anchor, *((NAMED,) if named and named.takes(anchor.url) else ()))
        if judged.is_article:
            hints = {"front_page.score": str(judged), "front_page.title": anchor.text}
            yield Link(url=anchor.url, hints={name: text for name, text in hints.items() if text})


def anchors(tree: HtmlElement, url: str) -> Iterable[Anchor]:
    """The links of a page to other pages of the same registered domain, each address once."""
    base, own = _base(tree, url), registered_host(url)
    found: dict[str, Anchor] = {}
    for element in tree.iter("a"):
        target = _target(element, base)
        if target and target != urldefrag(url).url and _domain(target) == own:
            anchor = _anchor(element, target)
            found[target] = found[target].merged(anchor) if target in found else anchor
    return found.values()


@cache
def _domain_of_host(host: str) -> str | None:
    return registered_host(f"https://{host}/")


def _domain(url: str) -> str | None:
    host = urlsplit(url).hostname
    return _domain_of_host(host) if host else None


def _base(tree: HtmlElement, url: str) -> str:
    base = next((element.get("href") for element in tree.iter("base") if element.get("href")), None)
    return _joined(url, base or "") or url


def _target(element: HtmlElement, base: str) -> str | None:
    href = (element.get("href") or "").strip()
    return _joined(base, href) if href and not href.startswith("#") else None


def _joined(base: str, href: str) -> str | None:
    try:
        target = urldefrag(urljoin(base, wellformed(href))).url
        parts = urlsplit(target)
    except ValueError:
        return None
    return target if parts.scheme in ("http", "https") and parts.hostname else None


def _anchor(element: HtmlElement, target: str) -> Anchor:
    heading = _heading(element)
    text = " ".join((heading if heading is not None else element).text_content().split())
    text = text or element.get("aria-label") or element.get("title") or ""
    return Anchor(
        url=target,
        text=wellformed(text[:MAX_TEXT_CHARS]),
        in_heading=heading is not None,
        place=_place(element),
        relations=frozenset((element.get("rel") or "").lower().split()),
    )


def _heading(element: HtmlElement) -> HtmlElement | None:
    """The heading around a link or inside it, where it has words."""
    around = (parent for parent in element.iterancestors() if parent.tag in HEADINGS)
    inside = (child for child in element.iterdescendants() if child.tag in HEADINGS)
    return next((found for found in (*around, *inside) if found.text_content().strip()), None)


def _place(element: HtmlElement) -> Place:
    """The nearest part of the page that tells."""
    for parent in element.iterancestors():
        place = PLACES.get(str(parent.tag)) or ROLES.get((parent.get("role") or "").lower())
        if place is not None:
            return place
        if FURNITURE.search(f"{parent.get('class') or ''} {parent.get('id') or ''}") and parent.tag != "body":
            return Place.FURNITURE
    return Place.ANYWHERE
