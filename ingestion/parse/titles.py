"""The headlines of a document: the most trusted first, whole, and without the name of the site."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from ingestion.article import Document
from ingestion.parse.clean import key
from ingestion.parse.clues import Clues, Found
from ingestion.parse.dates import holds_day

_CHINESE_HOUSE = (
    r"[\u4e00-\u9fff]{2,10}(?:(?:门户|官方|新闻|新聞)?[网網]站?|[日晚早时時快]?[报報]|新[闻聞]"
    r"|传媒|傳媒|在线|在線|频道|頻道)"
)
_SEPARATORS = (
    r"\s+(?:[|–—·»›•│«⋆~/-]|--|::|:|//|\|\|)\s+|\s*[｜|]\s*|\s*：\s*|(?<=\S)_(?=\S+$)"
    rf"|(?<=[\u3040-\u9fff！？。…」』）])\s?[-–—_]+\s?(?={_CHINESE_HOUSE}$)"
)
_PARTS = re.compile(f"({_SEPARATORS})")
_SECTION_AND_SITE = re.compile(r"(?<=\S)_[\u4e00-\u9fff]{2,6}_[\u4e00-\u9fff]{2,8}$")
"""As Chinese pages end their titles."""

_KINDS = ("online", "magazin", "magazine", "zeitung", "news")
_CHINESE_SITE = re.compile(
    r"[\u4e00-\u9fff]{2,6}(?:网|網|日报|日報|新聞網)|[\u4e00-\u9fff]{2,10}(?:政府|门户|官方|新闻)[网網]站"
)
_CHINESE_TAIL = re.compile(_CHINESE_HOUSE)
"""What may be a site's name behind a title; alone it may be words: `台风预报` is a forecast."""

_TIGHT_SEPARATOR = re.compile(r"\s?[-–—_|｜]+")
"""As Chinese pages set the site's name behind the title, without a space."""

_SEPARATOR_AT_END = re.compile(r"\s+[|–—·›•-]$")
_COLONS = frozenset(":：")
_DAY_AT_END = re.compile(r"\s*[(（\[](?P<day>[^()（）\[\]]{6,24})[)）\]]$")
_BRACKET_AT_END = re.compile(r"\s*[(\[]([^()\[\]]{3,40})[)\]]$")
_CUT_SHORT = re.compile(r"\s*[\[(]?(?:…|\.\.\.|&#8230;)[\])]?\s*$")
_AT_QUOTE = re.compile(r"\s*[\"“”„«»‘’'「『]")
_SHORTEST_LABEL = 4
_TELLING_WORDS = 4
_TELLING_WIDE = 10
_ENOUGH_WORDS = 3
_LONGEST_TITLE = 500
_ROUNDS = 3


class House(Struct, frozen=True):
    """What a site is called, by its own word and by its address, and the headlines known on the page."""

    sites: frozenset[str]
    labels: frozenset[str]
    known: frozenset[str]

    def is_named(self, part: str) -> bool:
        """Whether a part of a title is the site's name, or its address written out."""
        name = key(part).replace(" ", "")
        label = name.removeprefix("the")
        bare = next((label[: -len(kind)] for kind in _KINDS if label.endswith(kind)), label)
        by_address = len(name) >= _SHORTEST_LABEL and not self.labels.isdisjoint({name, label, bare})
        return key(part) in self.sites or by_address or bool(_CHINESE_SITE.fullmatch(part))

    def is_in(self, heading: str) -> bool:
        """Whether a heading holds the site's address written out."""
        return any(label in key(heading).replace(" ", "") for label in self.labels)

    def is_known(self, title: str, whole: str) -> bool:
        """Whether a part of a title stands elsewhere as the headline; a word or two may be a section."""
        enough = len(key(title).split()) >= _ENOUGH_WORDS or len(title) * 2 >= len(whole)
        return enough and key(title) in self.known


def headlines_of(clues: Clues, document: Document) -> list[Found]:
    """Return the distinct headlines, the most trusted first, without the site's name at their ends."""
    finds = clues.of("headline")
    house = _house_of(clues, document)
    in_order, names = _by_agreement(finds, house)
    house = House(house.sites | names, house.labels, house.known)
    distinct: dict[str, Found] = {}
    for found in in_order:
        title = _without_site(found.value, house)
        if key(title) and not house.is_named(title):
            distinct.setdefault(key(title), Found(title, found.place))
    return _whole_first(list(distinct.values())) or list(finds[:1])


def _house_of(clues: Clues, document: Document) -> House:
    known = frozenset(key(found.value) for found in clues.of("headline"))
    # Some applications call themselves by the title of each page.
    named = (
        found.value
        for found in clues.of("site")
        if "application" not in found.place or key(found.value) not in known
    )
    own = (name for name in (document.publisher.name, document.publisher.domain) if name)
    return House(frozenset(map(key, (*named, *own))), labels_of(document), known)


def labels_of(document: Document) -> frozenset[str]:
    """Return the names of the site as its addresses have them, without spaces: `ormeweekly`."""
    urls = (document.fetched_url, document.discovered_url)
    hosts = [(urlsplit(url).hostname or "").removeprefix("www.") for url in urls if url]
    names = [part for host in hosts for part in host.split(".")[:-1]]
    # With its top level too: `Orme Weekly.example`.
    names += ["".join(host.split(".")[-levels:]) for host in hosts for levels in (2, 3)]
    return frozenset(name.replace("-", "") for name in names if len(name) >= _SHORTEST_LABEL)


def _whole_first(finds: list[Found]) -> list[Found]:
    """Put before a headline that is cut short, or cut at a quotation mark, the one that it begins."""
    if not finds:
        return finds
    cut = _CUT_SHORT.search(finds[0].value)
    begun = finds[0].value[: cut.start()] if cut else finds[0].value
    whole = next((found for found in finds[1:] if _goes_on(found.value, begun, at_quote=not cut)), None)
    return finds if whole is None else [whole, *(found for found in finds if found is not whole)]


def _goes_on(title: str, begun: str, *, at_quote: bool) -> bool:
    if _CUT_SHORT.search(title) or len(title) <= len(begun):
        return False
    if at_quote:
        return title.startswith(begun) and bool(_AT_QUOTE.match(title[len(begun) :]))
    return key(title).startswith(key(begun))


def _by_agreement(finds: Sequence[Found], house: House) -> tuple[Sequence[Found], frozenset[str]]:
    """Of headings alone, put first what the title of the page repeats: others name sections, shows, logos.

    A heading that only repeats the end of the title, where the rest of it is longer, names the site.
    """
    if not finds or finds[0].place != "html:h1":
        return finds, frozenset()
    titles = [found for found in finds if found.place == "html:title"]
    headings = [found for found in finds if found.place == "html:h1" and not house.is_named(found.value)]
    title = " ".join(found.value for found in titles)
    repeated = [found for found in headings if key(found.value) and key(found.value) in key(title)]
    best = max(repeated, key=lambda found: len(found.value), default=None)
    if best is not None and _ends(title, best.value):
        return [*titles, *headings], frozenset({key(best.value)})
    telling = [found for found in headings if _is_telling(found.value) and not house.is_in(found.value)]
    first = [best] if best is not None else telling[:1]
    rest = [*titles, *headings] if not headings or len(title) > len(headings[0].value) else finds
    return [*first, *(found for found in rest if found not in first)], frozenset()


def _ends(title: str, heading: str) -> bool:
    parts = _PARTS.split(title)
    ahead = "".join(parts[:-2])
    return len(parts) > 2 and key(parts[-1]) == key(heading) and len(ahead) > len(heading)


def _is_telling(heading: str) -> bool:
    wide = sum(char >= "\u3000" for char in heading)
    return len(heading.split()) >= _TELLING_WORDS or wide >= _TELLING_WIDE


def _without_site(title: str, house: House) -> str:
    """Take the site's name off: by its name, its address, or where the title stands elsewhere without it."""
    for _ in range(_ROUNDS):
        shorter = _shortened(title, house)
        if shorter == title:
            break
        title = shorter
    return _SEPARATOR_AT_END.sub("", title.strip())


def _shortened(title: str, house: House) -> str:
    title = _without_day(_SECTION_AND_SITE.sub("", title))
    bracket = _BRACKET_AT_END.search(title)
    if bracket and house.is_named(bracket[1]):
        return title[: bracket.start()]
    if (own := _known_beginning(title, house)) is not None:
        return own
    parts = _PARTS.split(title)
    for end in range(len(parts) - 2, 0, -2):
        begin = "".join(parts[:end])
        at_tail = end == len(parts) - 2 and key(begin) in house.known and not house.is_named(begin)
        colon = parts[end].strip() in _COLONS and not holds_day("".join(parts[end + 1 :]))
        if not colon and (at_tail or house.is_known(begin, title)):
            return begin
    for end in range(1, len(parts) - 1, 2):
        rest = "".join(parts[end + 1 :])
        if house.is_named(rest) or _CHINESE_TAIL.fullmatch(rest):
            return "".join(parts[:end])
    if len(parts) > 2 and (house.is_named(parts[0]) or _is_kicker(parts, title, house)):
        return "".join(parts[2:])
    return title


def _known_beginning(title: str, house: House) -> str | None:
    """Return the beginning that stands elsewhere as a headline, with a mark behind it and the site's name."""
    # Each mark is compared with all before it.
    for mark in _TIGHT_SEPARATOR.finditer(title) if len(title) <= _LONGEST_TITLE else ():
        begin = title[: mark.start()]
        if _is_telling(begin) and not begin.isascii() and key(begin) in house.known:
            return begin
    return None


def _without_day(title: str) -> str:
    """Take off the day of publication, as archives and aggregators write it behind."""
    bracket = _DAY_AT_END.search(title)
    return title[: bracket.start()] if bracket and holds_day(bracket["day"]) else title


def _is_kicker(parts: Sequence[str], title: str, house: House) -> bool:
    """Whether what follows the first part of a title, and is longer, stands elsewhere as the headline."""
    rest = "".join(parts[2:])
    return parts[1].strip() not in _COLONS and len(rest) > len(parts[0]) and house.is_known(rest, title)
