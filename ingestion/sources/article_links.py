"""How much a link on a front page looks like one to an article: by its address, its words and its place.

No rule names a site. Points are added up, each with its reason, so that a person can see why a link was
taken or left.
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from ingestion.sources.words import WORDS

ENOUGH = 5
"""Points from which a link counts as one to an article."""

DATE = re.compile(
    r"(?:^|(?<=[/_.-]))(?:19|20)\d\d(?:[/_.-](?:0?[1-9]|1[0-2])(?:[/_.-](?:0?[1-9]|[12]\d|3[01]))?(?=[/_.-]|$)"
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?=[/_.-]|\d{0,6}(?:[/_.-]|$)))"
)
NUMBER = re.compile(r"(?<![0-9])[0-9]{5,}(?![0-9])")
PART = re.compile(r"\d{1,2}$")
CODE = re.compile(
    r"(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{8,}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{20,}", re.IGNORECASE
)
DOCUMENT = re.compile(r"\.(?:s?html?|php|aspx?|jsp|ece|cms|amp)$", re.IGNORECASE)
OTHER_FILE = re.compile(
    r"\.(?:pdf|jpe?g|png|gif|webp|svg|ico|mp[34]|m4[av]|webm|zip|gz|exe|apk|css|js|json|xml|rss|atom|rdf|txt|docx?|xlsx?)$",
    re.IGNORECASE,
)
SEPARATOR = re.compile(r"[\s_.,;:/+|-]+")
WORD = re.compile(r"\W*[^\W\d_][^\d]*$")
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""

ARTICLE_FOLDERS = frozenset(WORDS["addresses"]["article_folders"].split())
ARTICLE_KEYS = frozenset(WORDS["addresses"]["article_keys"].split())
OTHER_FOLDERS = frozenset(WORDS["addresses"]["other_folders"].split())
PAGING_KEYS = frozenset(WORDS["addresses"]["paging_keys"].split())


class Place(IntEnum):
    """Where a link stands; of several places the greatest counts."""

    FURNITURE = -4
    ASIDE = -1
    ANYWHERE = 0
    MAIN = 1


class Anchor(NamedTuple):
    """What the links of a page to one address have in common: the longest words, the best place."""

    url: str
    text: str = ""
    in_heading: bool = False
    place: Place = Place.ANYWHERE
    relations: frozenset[str] = frozenset()

    def merged(self, other: "Anchor") -> "Anchor":
        """Join what two links to the same address say."""
        longest = max((self, other), key=lambda anchor: (anchor.in_heading, len(anchor.text)))
        return Anchor(
            url=self.url,
            text=longest.text,
            in_heading=longest.in_heading,
            place=max(self.place, other.place),
            relations=self.relations & other.relations,
        )


class Mark(NamedTuple):
    """A reason with its points."""

    reason: str
    points: int


class Score(Struct, frozen=True):
    """All reasons for and against a link."""

    marks: tuple[Mark, ...]

    @property
    def points(self) -> int:
        """Their sum."""
        return sum(mark.points for mark in self.marks)

    @property
    def is_article(self) -> bool:
        """Whether the sum is enough."""
        return self.points >= ENOUGH

    def __str__(self) -> str:
        return f"{self.points}: " + ", ".join(f"{mark.reason} {mark.points:+d}" for mark in self.marks)


def score(anchor: Anchor, *more: Mark) -> Score:
    """Judge a link, with what else is known of it."""
    return Score((*more, *_address_marks(anchor.url), *_anchor_marks(anchor)))


def _address_marks(url: str) -> Iterator[Mark]:
    parts = urlsplit(url)
    path = unquote(parts.path)
    segments = [segment for segment in path.split("/") if segment]
    if not segments and not parts.query:
        yield Mark("home page", -9)
        return
    if OTHER_FILE.search(path):
        yield Mark("not a page", -9)
    others = [segment for segment in segments if segment.lower() in OTHER_FOLDERS]
    if others:
        yield Mark(f"/{others[0].lower()}/", -4)
    if DATE.search(path):
        is_calendar = not DATE.sub("", path.rstrip("/")).rpartition("/")[2]
        yield Mark("day of a calendar", -3) if is_calendar else Mark("date in the address", 3)
    yield from _slug_marks(segments)
    yield from _number_marks(path, parts.query)
    if len(segments) > 1 and any(segment.lower() in ARTICLE_FOLDERS for segment in segments[:-1]):
        yield Mark("folder of articles", 1)
    if segments and DOCUMENT.search(segments[-1]):
        yield Mark("document", 1)


def _slug_marks(segments: list[str]) -> Iterator[Mark]:
    words = max((slug_words(segment) for segment in segments[-2:]), default=0)
    if words >= 3:
        yield Mark(f"slug of {words} words", 4 if words >= 8 else 3 if words >= 4 else 2)
    elif len(segments) == 1 and not any(letter.isdigit() for letter in segments[0]):
        yield Mark("one short word", -3)
    if len(segments) > 1 and PART.match(segments[-1]):
        yield Mark("part of another page", -3)


def slug_words(text: str) -> int:
    """Count the words of a part of a path, or of a headline; codes of letters and digits are none.

    Where a script has no spaces, two letters count as one word.
    """
    tokens = (token for token in SEPARATOR.split(DOCUMENT.sub("", text)) if WORD.match(token))
    spaced = sum(1 for token in tokens if not UNSPACED.search(token))
    return spaced + len(UNSPACED.findall(text)) // 2


def _number_marks(path: str, query: str) -> Iterator[Mark]:
    pairs = parse_qsl(query)
    if any(key.lower() in PAGING_KEYS - ARTICLE_KEYS for key, _ in pairs):
        yield Mark("page of a list", -4)
    bare = DATE.sub("/", path)
    last = bare.rstrip("/").rpartition("/")[2]
    if NUMBER.search(bare):
        yield Mark("number in the address", 2)
    elif any(key.lower() in ARTICLE_KEYS and NUMBER.search(value) for key, value in pairs):
        yield Mark("number in the query", 2)
    elif any(CODE.fullmatch(part) for part in re.split(r"[-_.~]", last)) or CODE.fullmatch(last):
        yield Mark("code in the address", 2)


def _anchor_marks(anchor: Anchor) -> Iterator[Mark]:
    if anchor.in_heading:
        yield Mark("heading", 3)
    length = slug_words(anchor.text)
    if length >= 5:
        yield Mark(f"{length} words", 3 if length >= 8 else 2)
    elif length <= 2 and not anchor.in_heading:
        yield Mark("hardly a word", -1)
    if anchor.place is not Place.ANYWHERE:
        yield Mark(
            {Place.MAIN: "main part", Place.ASIDE: "aside"}.get(anchor.place, "furniture"), int(anchor.place)
        )
    unwanted = anchor.relations & {"tag", "author", "sponsored", "license", "search", "prev", "next"}
    if unwanted:
        yield Mark(f"rel={min(unwanted)}", -4)
