"""One article as a JSON object: ninjs 1 to 3 (IPTC), schema.org, NewsAPI, Guardian, or plain names.

One table of paths (`fields.toml`) serves them all: where two shapes use a name, they mean the same.
"""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from lxml.html import HtmlElement

from ingestion.article import Document, Drop, Image, Outcome, Paragraph, ParagraphRole, Removed
from ingestion.errors import Unreadable
from ingestion.parse.charset import decode
from ingestion.parse.clean import one_line, without_markup
from ingestion.parse.clues import Clues, Reading
from ingestion.parse.credits import agencies_in
from ingestion.parse.data import table
from ingestion.parse.fragment import blocks_of
from ingestion.parse.furniture import take_pictures
from ingestion.parse.html import RULES_VERSION, parsed
from ingestion.parse.json_ld import linked_data, types_of
from ingestion.parse.rights_said import add_header_rights
from ingestion.parse.structured import add_article

_NOT_TEXT = frozenset(
    {
        "picture",
        "photo",
        "image",
        "video",
        "audio",
        "graphic",
        "composite",
        "planning",
        "event",
        "package",
        "component",
    }
)
_STEP = re.compile(r"^(?P<name>[^\[]+)(?:\[(?P<role>[^\]]*)\])?$")
_CUT = re.compile(r"\[\+\d{1,9} chars\]$")
_LONGEST_CUT = 20
_TAG = re.compile(
    r"<(?:p|br|div|h[1-6]|ul|ol|table|blockquote|section|article|strong|em|a)\b[^<>]*>", re.IGNORECASE
)
_MOST_NESTED = 6

Value = dict[str, Any]


class _Told(NamedTuple):
    """What a body says, and what of it is no part of the story."""

    paragraphs: tuple[Paragraph, ...] = ()
    images: tuple[Image, ...] = ()
    removed: tuple[Removed, ...] = ()


def read_json(document: Document) -> Reading | Drop:
    """Read a JSON article. Raises `Unreadable` for what is no JSON object."""
    decoded = decode(document)
    item = _unwrapped(_object(decoded.text))
    kind = item.get("type")
    if isinstance(kind, str) and kind.lower() in _NOT_TEXT:
        return Drop(Outcome.DROPPED, "not_an_article")
    clues = _clues(item)
    add_header_rights(clues, document)
    warnings = ["charset_replaced"] if decoded.replaced else []
    told = _body(item, _listed("bodies"), clues, warnings)
    if not told.paragraphs and clues.of("headline"):
        told = _body(item, _listed("summaries"), clues, warnings)
        warnings += ["summary_only"] if told.paragraphs else []
    if not told.paragraphs:
        return Drop(Outcome.DROPPED, "empty_body")
    if not clues.of("headline") and not document.hints.get("feed.title"):
        return Drop(Outcome.DROPPED, "not_an_article")
    return Reading(
        method="json",
        clues=clues,
        paragraphs=_without_headline(told.paragraphs, clues.value("headline")),
        images=(*told.images, *_images(item)),
        removed=told.removed,
        warnings=tuple(warnings),
        versions={"rules": RULES_VERSION},
    )


def _object(text: str) -> Value:
    try:
        value = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"an article that is no JSON: {error}") from error
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        what = f"a list of {len(value)}" if isinstance(value, list) else type(value).__name__
        raise Unreadable(f"JSON that holds {what} where one article was expected")
    return value


def _listed(name: str) -> list[str]:
    paths: list[str] = table("fields")["json-body"][name]
    return paths


def _unwrapped(item: Value) -> Value:
    """Take the article out of the envelope that an API sends it in."""
    for _ in range(_MOST_NESTED):
        if _has_headline(item):
            break
        inside = (found for path in _listed("wrappers") for found in _at(item, path))
        inner = next((found for found in inside if isinstance(found, dict)), None)
        if inner is None:
            break
        item = inner
    return item


def _has_headline(item: Value) -> bool:
    return any(_word(found) for path in table("fields")["json"]["headline"] for found in _at(item, path))


def _at(item: Value, path: str) -> list[Any]:
    """Return the values at a path; a list counts as its members."""
    values: list[Any] = [item]
    for part in path.split("."):
        step = _STEP.match(part)
        if step is None:
            return []
        values = [
            found
            for value in values
            if isinstance(value, dict)
            for found in _members(value.get(step["name"]), step["role"])
        ]
    return [value for value in values if value not in (None, "", [], {})]


def _members(value: Any, role: str | None) -> list[Any]:
    members = value if isinstance(value, list) else [value]
    if role is None:
        return members
    objects = [member for member in members if isinstance(member, dict)]
    return [
        _word(member)
        for member in objects
        if not role or member.get("role") == role or member.get("contenttype") == role
    ]


def _clues(item: Value) -> Clues:
    clues = Clues()
    if "@type" in item or "@graph" in item or "@context" in item:
        data = linked_data([json.dumps(item)])
        article = data.article()
        if article is not None:
            add_article(clues, article, data, "json")
    for field, paths in table("fields")["json"].items():
        for path in paths:
            _add(clues, field, _at(item, path), f"json:{path}")
    source = item.get("source")
    clues.add("site", source.get("name") if isinstance(source, dict) else None, "json:source.name")
    return clues


def _add(clues: Clues, field: str, values: Sequence[Any], place: str) -> None:
    for value in values:
        text = without_markup(_word(value) or "")
        if field == "credit":
            for agency in agencies_in(text) or ([text] if text and place.startswith("json:credit") else []):
                clues.add(field, agency, place)
        elif field == "canonical_url":
            clues.add("declared_canonical", text if text and text.startswith("http") else None, place)
        else:
            clues.add(field, text, place)


def _word(value: Any) -> str | None:
    if isinstance(value, dict):
        named = (value.get(name) for name in ("value", "name", "webTitle", "literal", "title", "text"))
        value = next((one for one in named if isinstance(one, str)), None)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def _body(item: Value, paths: Sequence[str], clues: Clues, warnings: list[str]) -> _Told:
    for path in paths:
        parts: list[_Told] = []
        for value in _at(item, path):
            text = _word(value) or ""
            whole = _without_cut(text)
            warnings += ["truncated"] if whole != text else []
            parts.append(_told(whole))
        if any(part.paragraphs for part in parts):
            clues.add("body_place", "json", f"json:{path}")
            return _Told(*(tuple(chain.from_iterable(found)) for found in zip(*parts, strict=True)))
    return _Told()


def _without_cut(text: str) -> str:
    """Take off the note at the end of a text that an API has cut, as in `… [+2312 chars]`."""
    end = text.rstrip()
    cut = _CUT.search(end[-_LONGEST_CUT:])
    if cut is None:
        return text
    return end[: -len(cut[0])].rstrip().removesuffix("…").removesuffix("...").rstrip()


def _told(text: str) -> _Told:
    if _TAG.search(text):
        tree = parsed(f"<div>{text}</div>")
        images, captions = take_pictures(tree)
        asides = _take_asides(tree)
        return _Told(tuple(blocks_of(tree)), images, (*captions, *asides))
    parts = re.split(r"\r?\n\s*\r?\n|\r?\n", text)
    return _Told(
        tuple(
            Paragraph(role=ParagraphRole.PARAGRAPH, text=words)
            for part in parts
            if (words := without_markup(part))
        )
    )


def _take_asides(tree: HtmlElement) -> tuple[Removed, ...]:
    """Take out what stands beside the story: links to others, quotes from it pulled out."""
    removed: list[Removed] = []
    whole = len(one_line(tree.text_content()))
    for aside in tree.xpath(".//aside[not(ancestor::aside)]"):
        words = one_line(aside.text_content())
        if len(words) * 2 < whole:
            removed += [Removed(text=words, rule="aside")] if words else []
            aside.drop_tree()
    return tuple(removed)


def _without_headline(paragraphs: tuple[Paragraph, ...], headline: str | None) -> tuple[Paragraph, ...]:
    repeats = len(paragraphs) > 1 and paragraphs[0].text == headline
    return paragraphs[1:] if repeats else paragraphs


def _images(item: Value) -> Iterator[Image]:
    for path in _listed("images"):
        for value in _at(item, path):
            if isinstance(value, str):
                yield Image(url=one_line(value) or None)
                return
            if isinstance(value, dict) and types_of(value) <= {"ImageObject"}:
                address = value.get("url") or value.get("href") or value.get("src")
                if isinstance(address, str) and one_line(address):
                    caption, credit = (
                        _said(value, "caption"),
                        _said(value, "credit") or _said(value, "creditText"),
                    )
                    yield Image(url=one_line(address), caption=caption, credit=credit)
                    return


def _said(value: Value, name: str) -> str | None:
    text = value.get(name)
    return without_markup(text) or None if isinstance(text, str) else None
