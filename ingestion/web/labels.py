"""Words for people: facets, languages, dates."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from ingestion.article import Moment, Precision, TimezoneBasis
from ingestion.search.query import Facet, Sort

FACETS: Mapping[Facet, str] = {
    Facet.PUBLISHER: "Publisher",
    Facet.LANGUAGE: "Language",
    Facet.SECTION: "Section",
    Facet.GENRE: "Genre",
    Facet.CREDIT: "Agency",
    Facet.AUTHOR: "Author",
    Facet.ACCESS: "Access",
    Facet.MINING: "Text and data mining",
    Facet.ROLE: "Among its copies",
    Facet.SOURCE: "Source",
}
FILTERS: Mapping[Facet, str] = {**FACETS, Facet.GROUP: "Copies of"}
"""What can be filtered by; the groups of copies are too many to be listed."""
SORTS: Mapping[Sort, str] = {Sort.RELEVANCE: "Relevance", Sort.NEWEST: "Newest", Sort.OLDEST: "Oldest"}
LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nb": "Norwegian Bokmål",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "ta": "Tamil",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
BASES: Mapping[TimezoneBasis, str] = {
    TimezoneBasis.EXPLICIT: "the zone was printed",
    TimezoneBasis.PUBLISHER: "by the publisher’s own time zone",
    TimezoneBasis.ASSUMED_UTC: "no zone was printed; taken as UTC",
}


def label(facet: Facet, value: str) -> str:
    """How a value of a facet reads."""
    if facet is Facet.LANGUAGE:
        return LANGUAGES.get(value.split("-", maxsplit=1)[0].lower(), value)
    if facet in {Facet.ACCESS, Facet.GENRE, Facet.MINING, Facet.ROLE}:
        return value.replace("_", " ").capitalize()
    return value[:12] if facet is Facet.GROUP else value


def day(at: date) -> str:
    """A day, as in 20 Nov 2026."""
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def instant(at: datetime) -> str:
    """A time in UTC, to the minute."""
    at = at.astimezone(UTC)
    return f"{day(at)}, {at:%H:%M} UTC"


def moment(at: Moment) -> str:
    """A time as exact as it was printed, and no more."""
    if at.precision is Precision.DAY:
        return day(at.at)
    return f"{instant(at.at)}" if at.timezone_basis is not TimezoneBasis.ASSUMED_UTC else f"{instant(at.at)}?"


def basis(at: Moment) -> str:
    """Where a time was found and on what ground it was put into UTC."""
    ground = "" if at.precision is Precision.DAY else f", {BASES[at.timezone_basis]}"
    return f"found as “{at.raw}” in {at.source}{ground}"


def iso(at: Moment) -> str:
    """A time for the datetime attribute."""
    return at.at.date().isoformat() if at.precision is Precision.DAY else at.at.isoformat()
