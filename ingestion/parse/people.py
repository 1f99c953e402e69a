"""Authors as people: bylines split into names, without desks, agencies and publishers."""

import re
from collections.abc import Iterable
from functools import cache

from ingestion.article import Publisher
from ingestion.parse.clean import key, without_markup
from ingestion.parse.credits import is_agency
from ingestion.parse.data import table

_SUFFIX = re.compile(
    r"\s*(?:[|•·].*|\s[-–—]\s.*|\((?:[^()]*)\)|（[^（）]*）|[<\[].*|\s+(?:is|ist|est)\s+(?:an?|the|ein|eine|une?)\s.*|"
    r"\s+(?:in|from|aus)\s+[A-ZÄÖÜ]\w+(?:\s[A-Z]\w+)?|・?記者|特派員|編集委員|論説委員|기자|の投稿|"
    r"\s+(?:in|on|at|um|am)|\s+(?i:for)\s+.*|\s+للنشرة\s.*)$"
)
_BRACKETED = re.compile(
    r"(?<=\w)\s*(?:\([^()]*\)|（[^（）]*）|\[[^\[\]]*\])(?=\s*(?:$|[,;/&|·•]|(?:and|und|et|y|e)\s))"
)
_KICKER_AHEAD = re.compile(r"^[^,]{2,30}?\s(?=(?:Von|By|Par|Por)\s[^\W\d_]+\s[^\W\d_])")
_SECTION_AHEAD = re.compile(r"^[^\W\d_]+\s[·•|]\s(?=\S+\s\S)")
_SPLIT = re.compile(
    r"\s*(?:,|;|/|、|；|，|・(?=\S{2,}\s)|\||&|\+|\n|\b[aA]nd\b|\bAND\b|\bund\b|\bet\b|\b[ye]\b(?=\s[A-ZÀ-Þ][^\s,;/&|]*\s+(?!(?:and|und|et|y|e)\s)[^\s,;/&|])|"
    r"\boch\b|\bog\b|\ben\b(?=\s[A-Z])|\bi\b(?=\s[A-ZŁŚŻŹĆ])|\bim Gespräch mit\b|"
    r"\bve\b|\bvà\b|\sو(?=\w{2,}\s)|\sو\s|\bwith\b|\bmit\b)\s*"
)
_CHINESE_REPORTERS = "记者"
_BETWEEN_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff]{2})(?<!记者)\s(?=[\u4e00-\u9fff]{2})")
"""The space between two names; a Japanese name has one within, but nobody is called so by Japanese pages."""

_ROLE_ALONE = re.compile(
    r"(?:[A-Za-z][\w&'’-]*\s){0,4}(?:editor|reporter|correspondent|columnist|contributor|journalist|writer)",
    re.IGNORECASE,
)
_WITH_OTHERS = re.compile(
    r"\s*[(\[]\s?(?:avec|with|mit|con|com|and|et)\s(?P<others>[^()\[\]]*)[)\]]", re.IGNORECASE
)
_OTHER_WORK = re.compile(
    r"\s+(?:edited|illustrated|photographed|photo(?:graph)?s?|video|graphics?|additional reporting)\s+by\s+",
    re.IGNORECASE,
)
_ODD = re.compile(r"[\d:]")
_COMPANY = re.compile(r"\s(?:SA|S\.A|AG|SE|NV|BV|SpA|KG|Oyj?|ASA|PLC)$")
_AROUND = " .,:;|-–—*•~→←"
_INITIAL_AT_END = re.compile(r"\s(?:[^\W\d]|[JS]r)$")
_HANDLE = re.compile(r"(?<=\w)[\s(]+(?:@\w{2,30}|(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.\w[\w.]*)\)?")
"""An account or an address behind a name."""

_TITLE = re.compile(r"^(?:dr|prof|mr|mrs|ms|herr|frau|د|أ)\.\s", re.IGNORECASE)
_FAMILY_FIRST = re.compile(r"^(?P<family>[^\s,]+),\s(?P<given>[^\s,]+(?:\s[^\s,]\.?)?)$")
_DESK = re.compile(
    r"\b(?:staff|desk|correspondents?|reporters?|editors?|redaktion|agenc(?:y|ies))\b|وكالات|編集部|取材班",
    re.IGNORECASE,
)
_THEN_EDITORS = re.compile(r"[;؛]|،\s(?=إعداد|تحرير|كتابة|ترجمة)|[)）]\s?$")
_CJK_NAME = re.compile(
    r"^[\u4e00-\u9fff々ヶ]{1,4}[ \u3000]?[\u3040-\u30ff\u4e00-\u9fff々]{1,6}$|^[\uac00-\ud7af]{2,4}$"
)
_CAPITAL = "A-ZÀ-ÞĀ-ŽḀ-ỿĐА-ЯЁЄІЇҐΑ-Ω"
_NAME = re.compile(
    rf"^(?:[dD]['’])?[{_CAPITAL}](?:[\w’'-]*|(?:\w?\.)+|\w{{1,2}}\.)"
    rf"(?:\s(?:(?:de|la|del|da|dos|do|di|du|le|van|von|der|den|zu|al|el|bin|ibn|ter|ten)\s){{0,2}}"
    rf"(?:[dD]['’]|al-|el-)?[{_CAPITAL}](?:[\w’'-]*|(?:\w?\.)+|[JS]r\.)){{1,3}}$"
)
_PARTICLE = re.compile(r"(?<=\s)(?:De|La|Del|Da|Dos|Di|Du|Van|Von|Der|Den|Zu)(?=\s)")
_MAC = re.compile(r"\b(Mc)([a-z])")
_MOST_WORDS = 6
_LONGEST = 60
_LONGEST_LINE = 140


def people_in(printed: Iterable[str], publisher: Publisher) -> tuple[str, ...]:
    """Return the people that bylines name, each once, in order."""
    names: dict[str, str] = {}
    for line in printed:
        for name in split(line):
            if person := person_of(name, publisher):
                names.setdefault(key(person), person)
    return tuple(names.values())


def split(byline: str) -> list[str]:
    """Split a byline into names: at commas, `and`, and its like in other languages."""
    text = _OTHER_WORK.sub(", ", _WITH_OTHERS.sub(r", \g<others>", without_markup(byline)))
    text = _SECTION_AHEAD.sub("", _BRACKETED.sub("", _without_brackets(text)))
    if _CHINESE_REPORTERS in text:
        text = _BETWEEN_CHINESE.sub("、", text)
    text = _prefix().sub("", _KICKER_AHEAD.sub("", text))
    reversed_name = _FAMILY_FIRST.match(text)
    if reversed_name and not is_agency(reversed_name["family"]):
        return [f"{reversed_name['given']} {reversed_name['family']}"]
    return [part for part in _SPLIT.split(text) if part]


def _without_brackets(text: str) -> str:
    """Return the inside of a line that stands in brackets as a whole."""
    return text[1:-1] if text[:1] in "([（［【《" and text[-1:] in ")]）］】》" else text


def names_a_desk(text: str) -> bool:
    """Whether a byline names a desk or a nameless writer: somebody wrote it, but nobody we could name."""
    return bool(_DESK.search(text))


def names_a_role(text: str) -> bool:
    """Whether a line says what somebody is, and not who: `Orme Weekly Staff Writer`."""
    return bool(_ROLE_ALONE.fullmatch(text))


def reporters(credit: str) -> str:
    """Return the names of those who reported, of a credit that goes on to those who edited."""
    return _THEN_EDITORS.split(credit, maxsplit=1)[0].strip(" .()（）[]")


def is_byline(text: str, publisher: Publisher) -> bool:
    """Whether a line is nothing but the names of people, and perhaps what they are."""
    parts = split(text)
    names = [part for number, part in enumerate(parts) if number == 0 or not _ROLE_ALONE.fullmatch(part)]
    return bool(names) and len(text) <= _LONGEST_LINE and all(_is_name(part, publisher) for part in names)


def _is_name(text: str, publisher: Publisher) -> bool:
    shaped = _NAME.match(text) or _CJK_NAME.match(text)
    return bool(shaped) and person_of(text, publisher) is not None


def person_of(name: str, publisher: Publisher) -> str | None:
    """Return the name of a person, cleaned; None for a desk, an agency, the publisher or no name at all."""
    text = _HANDLE.sub("", without_markup(name))
    text = _stripped(_prefix().sub("", text))
    text = _stripped(_role().sub("", _SUFFIX.sub("", text)))
    if not text or len(text) > _LONGEST or len(text.split()) > _MOST_WORDS:
        return None
    if _is_desk_or_house(text, publisher):
        return None
    return _natural(text) if _looks_like_name(text) and not text.islower() else None


def _stripped(text: str) -> str:
    """Take off what stands around a name; the point of an initial, or of `Jr.`, stays."""
    bare = text.strip(_AROUND)
    has_point = text.rstrip(_AROUND.replace(".", "")).endswith(f"{bare}.")
    return f"{bare}." if has_point and _INITIAL_AT_END.search(bare) else bare


def _is_desk_or_house(text: str, publisher: Publisher) -> bool:
    odd = any(pattern.search(text) for pattern in (_ODD, _COMPANY, *_no_person()))
    return odd or is_agency(text) or _is_publisher(text, publisher)


def _looks_like_name(text: str) -> bool:
    """Two words or more, or a name in a script that writes it as one."""
    return bool(_CJK_NAME.match(text)) or len(_TITLE.sub("", text).split()) > 1


def _is_publisher(name: str, publisher: Publisher) -> bool:
    own = {key(part) for part in (publisher.name, publisher.domain, publisher.id) if part}
    return key(name) in own


def _natural(name: str) -> str:
    """Write a name that is printed all in capitals as names are written."""
    if not _is_shouted(name):
        return name
    titled = _MAC.sub(lambda mac: mac[1] + mac[2].upper(), name.title())
    return _PARTICLE.sub(lambda particle: particle.group().lower(), titled)


def _is_shouted(name: str) -> bool:
    return name.isupper() and len(name) > 4


@cache
def _prefix() -> re.Pattern[str]:
    return _any_of(r"^(?:{})\s*[:：/＝=|-]?\s*", "before_names")


@cache
def _role() -> re.Pattern[str]:
    return _any_of(r"(?<=\w)\s+(?:{})$", "role_behind")


@cache
def _no_person() -> tuple[re.Pattern[str], ...]:
    return (
        _any_of(r"\b(?:{})\b", "nobody"),
        _any_of(r"{}", "nobody_anywhere"),
        _any_of(r"^(?:{})", "nobody_at_beginning"),
    )


def _any_of(shape: str, group: str) -> re.Pattern[str]:
    words = (word for tongue in table("people")[group].values() for word in tongue)
    return re.compile(shape.format("|".join(words)), re.IGNORECASE)
