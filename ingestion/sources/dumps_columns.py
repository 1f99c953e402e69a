"""The columns of tables of articles, by the names that such tables use, as one JSON object for each row."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct

from ingestion.errors import Unreadable
from ingestion.sources.documents import wellformed
from ingestion.sources.entries import WEB_ADDRESS

NAMES = {
    "headline": "headline title articletitle webtitle heading",
    "body": "body text articletext articlebody bodytext content maintext fulltext fullcontent article story",
    "abstract": "abstract description summary standfirst teaser subtitle lead trailtext",
    "url": "canonicalurl url link articleurl weburl sourceurl articlelink href fetchedurl uri",
    "published": "published publishedat publishdate publicationdate datepublished datepublish pubdate "
    "webpublicationdate date datetime timestamp createdat",
    "modified": "modified modifiedat updated updatedat datemodified datemodify lastmodified",
    "authors": "authors author byline creator writer",
    "language": "language lang languagecode",
    "section": "section sectionname category topic",
    "keywords": "keywords tags",
    "image": "imageurl image urltoimage topimage",
    "source": "source sourcename publisher publication outlet newspaper site sitename domain sourcedomain",
    "id": "articleid guid id uuid",
}
"""Of several columns that say the same, the one that is named first here and is not empty counts."""

TEXT = ("headline", "body")
EVERY_NAME = {name for names in NAMES.values() for name in names.split()}
NO_LETTERS = re.compile(r"[\W_]+")
LIST = re.compile(r"^\s*\[.*\]\s*$", re.DOTALL)
PARTS = ("at", "code", "name", "value", "id")
"""A column of ours that has parts, as `published.at`, is known by the first of these that it has."""


class Article(Struct, frozen=True, kw_only=True):
    """A row as JSON, with what it is called."""

    body: bytes
    url: str | None
    item_id: str | None


class Columns:
    """Which column says what. Raises `Unreadable` where none says anything of a text."""

    def __init__(self, header: Sequence[str]) -> None:
        plain = [plain_name(name) for name in header]
        if len(set(plain)) < len([name for name in plain if name]):
            header, plain = _first_of_each(header, plain)
        self._places = {
            field: [header[plain.index(name)] for name in names.split() if name in plain]
            for field, names in NAMES.items()
        }
        self.holds_text = any(self._places[field] for field in TEXT)
        self.holds_links = bool(self._places["url"])
        if not self.holds_text and not self.holds_links:
            named = ", ".join(header)[:200]
            raise Unreadable(f"a table without a column of headlines, texts or addresses; it has {named!r}")

    def article(self, row: Mapping[str, Any]) -> Article | None:
        """Write a row as an article; None where nothing in it is a text. What is not understood stays."""
        found: dict[str, Any] = {}
        taken: set[str] = set()
        for field, places in self._places.items():
            name = next((place for place in places if _is_there(row.get(place))), None)
            if name is not None:
                found[field] = _plain(field, row[name])
                taken.add(name)
        if not any(field in found for field in TEXT):
            return None
        url, item_id = _address(found.get("url")), _text(found.pop("id", None))
        others = {name: value for name, value in row.items() if name not in taken and _is_there(value)}
        written = {**found, **({"columns": others} if others else {})}
        return Article(body=msgspec.json.encode(written, enc_hook=str), url=url, item_id=item_id)


def plain_name(name: str) -> str:
    """A column's name without case and punctuation."""
    return NO_LETTERS.sub("", name.casefold())


def _first_of_each(header: Sequence[str], plain: Sequence[str]) -> tuple[list[str], list[str]]:
    kept = {name: column for column, name in reversed(list(zip(header, plain, strict=True)))}
    return list(kept.values()), list(kept)


def _is_there(value: Any) -> bool:
    return value is not None and value == value and value not in ("", [], {})  # noqa: PLR0124 - NaN is not itself


def _plain(field: str, value: Any) -> Any:
    if isinstance(value, dict):
        value = next((value[part] for part in PARTS if value.get(part) is not None), None) or value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if field == "source":
        return {"name": _text(value)}
    if field in ("authors", "keywords"):
        return _names(value)
    return value if isinstance(value, str | int | float | list) else _text(value)


def _names(value: Any) -> Any:
    """Several names, also where a list was printed into a cell."""
    if isinstance(value, str) and LIST.match(value):
        inside = value.strip()[1:-1]
        return [part.strip(" '\"") for part in inside.split(",") if part.strip(" '\"")]
    return value if isinstance(value, str | list) else _text(value)


def _text(value: Any) -> str | None:
    return str(value) if value is not None else None


def _address(value: Any) -> str | None:
    text = wellformed(value.strip()) if isinstance(value, str) else ""
    return text if WEB_ADDRESS.match(text) else None
