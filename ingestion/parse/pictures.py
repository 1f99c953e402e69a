"""The pictures of a story: each once, in however many sizes a page names it, without badges."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from lxml.html import HtmlElement

from ingestion.article import Image
from ingestion.parse.clean import key, one_line
from ingestion.parse.clues import Clues
from ingestion.parse.urls import absolute

_BADGES = (
    r"logos?|icons?|avatars?|gravatar|sprites?|badges?|placeholder|spacer|pixel|blank|favicon|authors?|profiles?"
    r"|headshots?|bylines?"
)
_BADGE = re.compile(rf"(?:^|[/_.-])(?:{_BADGES})(?:[/_.\d-]|$)", re.IGNORECASE)
_ADVERT = re.compile(r"(?:^|[/_.-])(?:banners?|follow-us|paid-banner)(?:[/_.\d-]|$)", re.IGNORECASE)
_SIZE = re.compile(
    r"[-_]?(?<![a-z\d])(?:[wh]?\d{2,4}x[wh]?\d{1,4}|w\d{2,4}h\d{2,4}[a-z\d]*|[sw]\d{3,4}[a-z]?|\d{1,2}x\d{1,2}|scaled"
    r"|\d{3,4}-\d{2,3}(?=\.\w+$))(?![a-z\d])",
    re.IGNORECASE,
)
_WIDTH = re.compile(r"[ws]?(\d{2,4})(?!\d)", re.IGNORECASE)
_SHOWN_AS = re.compile(
    r"w|h|s|q|t|v|op|ar|bg|fm|dpr|fit|sig|ssl|auto|crop|mode|rect|size|itok|ixlib|scale|sharp|strip|width|height|format"
    r"|resize|quality",
    re.IGNORECASE,
)
"""Parameters that say how a picture is shown, and not which one it is."""

_WIDTHS = ("w", "width", "resize", "size")
_DIGITS_OF_A_NUMBER = 6
_SHORTEST_CAPTION, _LONGEST_CAPTION = 40, 250
_LONG_NAME = 24
"""A file name with so many digits, or of so many characters, names one picture, wherever it lies."""

_LABEL = r"(?:photo(?:graph)?|picture|image|foto|bild|photographie|imagen|immagine|credit)s?"
_LABEL_ALONE = re.compile(rf"(?:{_LABEL}(?: (?:\d+(?: (?:of|von|de|di) \d+)?|credit))?)?\W*", re.IGNORECASE)
_CREDIT_ALONE = re.compile(
    rf"{_LABEL}\s*(?:(?:by|von|de|par|di|por)\s|[:：])\s*(?P<credit>[^.!?。]{{2,80}})", re.IGNORECASE
)


def credit_alone(words: str) -> str | None:
    """Return the credit that the words of a picture are as a whole: `Photo by Ann Orme / Orme Images`."""
    match = _CREDIT_ALONE.fullmatch(words)
    return match["credit"].strip() if match else None


def pictures_of(images: Iterable[Image], base_url: str | None) -> tuple[Image, ...]:
    """Return the distinct pictures in order, each at its largest address, with the words of any size."""
    distinct: dict[str, Image] = {}
    for image in images:
        shown = _mended(image, base_url)
        if shown is None:
            continue
        name = _identity(shown.url) if shown.url else f"{shown.caption} {shown.credit}"
        distinct[name] = _joined(distinct[name], shown) if name in distinct else shown
    return tuple(distinct.values())


def _mended(image: Image, base_url: str | None) -> Image | None:
    url = _address(image.url, base_url) if image.url else None
    caption, credit = (image.caption or "").strip(" :|–—-"), image.credit
    if whole := credit_alone(caption):
        caption, credit = "", credit or whole
    if _LABEL_ALONE.fullmatch(caption):
        caption = ""
    has_words = bool(caption or credit)
    if (url is None and not has_words) or (url and _is_badge(url, has_words=has_words)):
        return None
    return Image(url=url, caption=caption or None, credit=credit)


def _address(url: str, base_url: str | None) -> str | None:
    """Join an address to the page's own; a part of a page is no picture."""
    joined = absolute(url, base_url) if base_url or "://" in url else url
    if joined is None or not urlsplit(joined).path.strip("/"):
        return None
    return (
        None if "#" in joined and joined.partition("#")[0] == (base_url or "").partition("#")[0] else joined
    )


def _is_badge(url: str, *, has_words: bool) -> bool:
    path = urlsplit(url).path
    return bool(_ADVERT.search(path) or (not has_words and _BADGE.search(path)))


def _identity(url: str) -> str:
    """Return what the addresses of one picture in several sizes have in common."""
    parts = urlsplit(url)
    directory, _, name = parts.path.rpartition("/")
    bare = _SIZE.sub("", name)
    if len(bare) >= _LONG_NAME or sum(map(str.isdigit, bare)) >= _DIGITS_OF_A_NUMBER:
        return bare
    kept = [pair for pair in parse_qsl(parts.query) if not _SHOWN_AS.fullmatch(pair[0])]
    return f"{_SIZE.sub('', directory)}/{bare}?{kept}"


def _joined(one: Image, other: Image) -> Image:
    larger = max((one, other), key=lambda image: _width(image.url or ""))
    return Image(url=larger.url, caption=one.caption or other.caption, credit=one.credit or other.credit)


def _width(url: str) -> float:
    """Return the pixels an address asks for; one that names no size is the original."""
    parts = urlsplit(url)
    asked = [value for name, value in parse_qsl(parts.query) if name.lower() in _WIDTHS]
    named = [match[1] for size in _SIZE.finditer(parts.path) if (match := _WIDTH.search(size[0]))]
    widths = [int(number) for number in re.findall(r"\d{2,5}", " ".join((*asked[:1], *named)))]
    return max(widths, default=float("inf"))


def words_of_pictures(tree: HtmlElement, clues: Clues) -> list[str]:
    """Return what stands for pictures (HTML, `alt`): a block that says the same is printed below one.

    A word or two may be a heading, and much text is of a gallery that tells its story in it.
    """
    summaries = {key(found.value) for found in clues.of("abstract")}
    said = dict.fromkeys(one_line(picture.get("alt") or "") for picture in tree.iter("img"))
    return [
        words
        for words in said
        if _SHORTEST_CAPTION <= len(words) <= _LONGEST_CAPTION and key(words) not in summaries
    ]
