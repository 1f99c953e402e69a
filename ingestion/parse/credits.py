"""Agencies that a text is from or credited to, and the place printed at its head."""

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from ingestion.parse.data import table

_GENERIC = re.compile(
    r"(?:[A-ZÄÖÜÀ-Þ][\w'’&-]*\s){1,4}(?:Wire|News Agency|Press Agency|News Service|Newswire|Presseagentur|"
    r"Nachrichtenagentur|Nachrichtendienst)\b|"
    r"\b[A-ZÄÖÜ][\w-]{2,20}(?:wire|agentur)\b|"
    r"(?:وكالة (?:أنباء |الأنباء )?\w+(?: \w+)?)|"
    r"[一-鿿ァ-ヶーA-Za-z]{2,12}(?:通信社|通信|通讯社)"
)
_DASH = r"(?:[-–—‐―]|--)"
_PLACE = r"[^\W\d_][^\d()\[\]:;!?\"“”„«»。、]{1,58}?"
_SHOUTED = r"[A-ZÀ-ÞА-ЯİŞĞÇ][A-ZÀ-ÞА-ЯİŞĞÇ'’.\- ]{2,40}(?:,\s[\w .'’-]{2,30})?"
_WITH_AGENCY = re.compile(
    rf"^(?P<place>{_PLACE})(?:,\s[^()]{{0,25}}\d[^()]{{0,12}})?\s?[,/]?\s?"
    rf"[(（\[](?P<agency>[^()（）\[\]]{{2,40}})[)）\]]\s*(?:{_DASH}|[:.])*\s*(?=\S)"
)
_WITH_DAY = re.compile(
    rf"^(?P<place>{_PLACE})\s\d{{1,2}}\s[^\W\d]+(?:\s[^\W\d]+)?(?:\s\d{{4}})?\s?"
    rf"[(（\[](?P<agency>[^()（）\[\]]{{2,40}})[)）\]]\s?{_DASH}\s*(?=\S)"
)
_AGENCY_AFTER_SLASH = re.compile(
    rf"^(?P<place>{_PLACE})\s?[/|,]\s?(?P<agency>[^\s].{{1,30}}?)\s?{_DASH}+\s*(?=\S)"
)
_PLACE_ALONE = re.compile(rf"^(?P<place>{_SHOUTED})(?:,\s[A-Z][a-z]{{2,8}}\.?\s\d{{1,2}})?\s?[—–―]\s?(?=\S)")
_LEADING_AGENCY = re.compile(rf"^[(（](?P<agency>[^()（）]{{2,40}})[)）]\s?{_DASH}*\s?(?=\S)")
_BRACKETED = re.compile(r"^[【［\[](?P<inside>[^【】［］\[\]]{2,30})[】］\]]\s?[-－–—―ー]*\s*(?=\S)")
_REPORTER_KO = re.compile(
    r"^[(（\[](?P<place>[가-힣·]{2,15})\s?=\s?(?P<agency>[^()（）\[\]=]{2,20})[)）\]]\s?"
    r"(?:(?P<names>[가-힣]{2,4}(?:[·,]\s?[가-힣]{2,4}){0,3})\s?(?:\S{0,3}기자|특파원)\s?)?=?\s*(?=\S)"
)
_REPORTER_ZH = re.compile(
    r"^(?P<agency>[\u4e00-\u9fff]{1,5}[社网報报讯訊])(?P<place>[\u4e00-\u9fff]{2,5}?)(?:\d{1,2}月\d{1,2}日)电\s?"
    r"(?:[（(](?:本报|通讯员|[\u4e00-\u9fff]{0,4})?记者\s?"
    r"(?P<names>[\u4e00-\u9fff]{2,4}(?:[、，, ]\s?[\u4e00-\u9fff]{2,4}){0,5})[）)])?"
)
_DAY_IN_BRACKET = re.compile(r"\d+(?:月\d+)?日|\d{1,2}\s?[A-Z][a-z]{2}")
_LABEL_AT_START = re.compile(
    r"^[(（\[©\s]*(?i:(?:(?:photo|picture|image|foto|bild|photographer|fotograf|credit|crédit|quelle|source|صورة|تصوير|写真|撮影|사진)s?"
    r"(?:\s(?:by|credit|courtesy(?: of)?|출처))?)\s?[:：/＝=]|(?:photo|picture|image)s?\sby\b|©)?\s*"
)
_ENDING = re.compile(r"(?:^|\s|[。.!?…»”\"])[(（\[—–-]\s?(?P<agency>[^()（）\[\]—–]{2,40}?)[)）\]]?[.。]?$")
_ATTRIBUTED = re.compile(
    r"\s(?:state |state-run )?(?:news )?(?:agency|service|wire)\b|\s(?:Nachrichten|Presse)agentur\b",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"\s*(?:[/|,;、・]|\s[-–—]\s|\band\b|\bund\b|\bet\b|\by\b|\bvia\b|\s\u0648\s?)\s*")
_MOST_PLACE_WORDS = 5


class Dateline(Struct, frozen=True):
    """The head of a story: its place, the agencies named with it, who reported, and all of it as printed."""

    place: str | None
    agencies: tuple[str, ...]
    reporters: str | None = None
    head: str = ""


def agencies_in(text: str) -> tuple[str, ...]:
    """Return the agencies named in a short text such as a credit, a byline or a bracket, in order."""
    found = [(match.start(), _known()[match.group()]) for match in _known_pattern().finditer(text)]
    covered = {start for start, _ in found}
    found += [(m.start(), m.group().strip()) for m in _GENERIC.finditer(text) if not _overlaps(m, covered)]
    return tuple(dict.fromkeys(name for _, name in sorted(found)))


def attributed_agencies(text: str) -> tuple[str, ...]:
    """Return the agencies that running text credits as such: `the Interfax news service reported`."""
    named = [m for m in _known_pattern().finditer(text) if _ATTRIBUTED.match(text[m.end() : m.end() + 40])]
    return tuple(dict.fromkeys(_known()[match.group()] for match in named))


def _overlaps(match: re.Match[str], starts: set[int]) -> bool:
    return any(match.start() <= start < match.end() for start in starts)


def agencies_among(byline: str) -> tuple[str, ...]:
    """Return the agencies that stand among the names of a byline; a person may share a name with one."""
    parts = _SEPARATORS.split(byline.strip(" ()（）[]【】.—–-©"))
    return tuple(dict.fromkeys(name for part in parts if (name := _one_agency(part))))


def only_agencies(text: str) -> tuple[str, ...]:
    """Return the agencies where a short text names nothing else, as in `AFP/dpa`."""
    parts = [part for part in _SEPARATORS.split(text.strip(" ()（）[]【】.—–-©")) if part]
    named = [_one_agency(part) for part in parts]
    return tuple(dict.fromkeys(name for name in named if name)) if named and all(named) else ()


def _one_agency(text: str) -> str | None:
    name = _known().get(text.strip())
    if name:
        return name
    generic = _GENERIC.fullmatch(text.strip())
    return generic.group().strip() if generic else None


def bare_credit(credit: str | None) -> str | None:
    """Return the credit of a picture without its label and brackets."""
    return _LABEL_AT_START.sub("", credit).strip(" ()（）[]|,;/") or None if credit else None


def is_agency(name: str) -> bool:
    """Tell an agency from a person."""
    return bool(only_agencies(name))


def dateline_of(paragraph: str) -> Dateline | None:
    """Read the place and the agency before the first sentence, as in `LONDON (Reuters) - …`."""
    for pattern in (_WITH_AGENCY, _WITH_DAY, _AGENCY_AFTER_SLASH, _LEADING_AGENCY, _PLACE_ALONE):
        if (match := pattern.match(paragraph)) and (dateline := _checked(match)):
            return dateline
    if match := _REPORTER_KO.match(paragraph) or _REPORTER_ZH.match(paragraph):
        return Dateline(match["place"], agencies_in(match["agency"]), match["names"], match.group())
    bracketed = _BRACKETED.match(paragraph)
    return _inside(bracketed) if bracketed else None


def without_dateline(paragraph: str) -> str:
    """Return a paragraph from the first word of its first sentence on."""
    dateline = dateline_of(paragraph)
    return paragraph[len(dateline.head) :] if dateline else paragraph


def _inside(bracket: re.Match[str]) -> Dateline | None:
    """Read the bracket that opens a Japanese report: `【ロンドン共同】`, `［東京 12日 ロイター］`."""
    agencies = agencies_in(bracket["inside"])
    if not agencies:
        return None
    place = _known_pattern().sub("", _GENERIC.sub("", _DAY_IN_BRACKET.sub("", bracket["inside"])))
    return Dateline(place.strip(" ＝=・/、,") or None, agencies, head=bracket.group())


def _checked(match: re.Match[str]) -> Dateline | None:
    groups = match.groupdict()
    place = (groups.get("place") or "").strip(" ,/-–—") or None
    agency = groups.get("agency")
    agencies = agencies_among(agency) if agency else ()
    if agency and not agencies:
        return None
    if place and len(place.split()) > _MOST_PLACE_WORDS:
        return None
    return Dateline(place, agencies, head=match.group())


def ending_agencies(paragraph: str) -> tuple[str, ...]:
    """Return the agencies in the bracket, or after the dash, that ends a paragraph."""
    match = _ENDING.search(paragraph[-80:])
    return only_agencies(match["agency"]) if match else ()


def credit_line(text: str) -> Dateline | None:
    """Read a short line made of agencies and perhaps a place alone: `Reuters`, `AFP, Paris`, `Doha (QNA)`."""
    parts = [part for part in re.split(r"\s*[,/|()（）–—]\s*|\s-\s", text.strip(" .")) if part]
    agencies = tuple(name for part in parts if (name := _one_agency(part)))
    places = [part for part in parts if not _one_agency(part)]
    if not agencies or len(places) > 1 or len("".join(places).split()) > _MOST_PLACE_WORDS:
        return None
    return Dateline(places[0] if places and _looks_like_place(places[0]) else None, agencies)


def _looks_like_place(text: str) -> bool:
    return not re.search(r"\d", text) and (text[0].isupper() or not text[0].islower())


@cache
def _known() -> dict[str, str]:
    return {printed: name for name, printed in _table()}


def _table() -> Iterator[tuple[str, str]]:
    for agency in table("agencies")["agency"]:
        for printed in (agency["name"], *agency["printed"]):
            yield agency["name"], printed


@cache
def _known_pattern() -> re.Pattern[str]:
    """Match any of the names, the longest first.

    Names are gathered by their first character: a search passes quickly over what begins none of them.
    """
    by_first: dict[str, list[str]] = {}
    for name in sorted(_known(), key=len, reverse=True):
        by_first.setdefault(name[0], []).append(name[1:])
    return re.compile("|".join(_whole(first, rests) for first, rests in by_first.items()))


def _whole(first: str, rests: list[str]) -> str:
    """Match names as words; Japanese and Chinese write no spaces, so there they may stand against others."""
    any_of = "|".join(map(re.escape, rests))
    return f"{first}(?:{any_of})" if first >= "\u3000" else rf"{first}(?<!\w{first})(?:{any_of})(?!\w)"
