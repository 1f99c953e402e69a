"""Two versions of an article side by side: what was taken out, what came in, paragraph by paragraph."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from ingestion.article import Article, Change
from ingestion.errors import ConfigurationError
from ingestion.settings import Settings
from ingestion.stages.change import OTHER_FIELDS, classify

if TYPE_CHECKING:
    from ingestion.lake.reader import LakeReader

SHORTEST_ID = 8
TOLD_FIELDS: Mapping[str, Callable[[Article], object]] = {
    "pub_status": lambda article: article.pub_status,
    **OTHER_FIELDS,
}
"""What is told beside headline and body, where it changed."""

WORD = re.compile(r"\s*(?:\w+|[^\w\s])|\s+$")
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
LEAST_ALIKE = 0.4
"""Paragraphs that share less are one that went and one that came, not one that was edited."""


class Mark(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    EDITED = "edited"


class Piece(Struct, frozen=True):
    """A run of words of an edited text."""

    mark: Mark
    text: str


class Block(Struct, frozen=True):
    """The headline or a paragraph; `before` and `after` are its pieces in each version."""

    mark: Mark
    before: tuple[Piece, ...] = ()
    after: tuple[Piece, ...] = ()


class FieldChange(Struct, frozen=True):
    """A field beside headline and body that is not the same, in words."""

    name: str
    before: str
    after: str


class Version(Struct, frozen=True):
    """What is told of a version above its text; `change` is what it changed when it came."""

    number: int
    seen: str
    pub_status: str
    change: Change | None


class VersionDiff(Struct, frozen=True):
    """Two versions of an article, and which others there are; `change` is from the one to the other."""

    article_id: str
    url: str | None
    versions: tuple[Version, ...]
    before: Version
    after: Version
    change: Change
    fields: tuple[FieldChange, ...]
    headline: Block
    blocks: tuple[Block, ...]


def diff_versions(
    settings: Settings, article: str, first: int | None = None, second: int | None = None
) -> VersionDiff:
    """Compare two versions of an article in the lake: those named, else the newest with the one before.

    `article` is its address, its id or the beginning of it. Raises `ConfigurationError` where there is no
    such article or version, or only one.
    """
    from ingestion.wiring import Wiring

    with Wiring(settings) as wiring:
        rows = _rows(wiring.lake_reader(), article)
    by_number = {made.version: made for made in rows}
    numbers = tuple(by_number)
    if len(numbers) == 1 and first is None and second is None:
        raise ConfigurationError(f"{article} has one version, and so nothing to compare it with")
    newer = second if second is not None else numbers[-1]
    older = first if first is not None else max((n for n in numbers if n < newer), default=newer)
    for number in (older, newer):
        if number not in by_number:
            there = ", ".join(map(str, numbers))
            raise ConfigurationError(f"{article} has no version {number} in the lake; there is {there}")
    return compared(by_number[older], by_number[newer], rows)


def compared(before: Article, after: Article, versions: Sequence[Article]) -> VersionDiff:
    """Compare two of the versions of one article."""
    change = classify(before, after)
    return VersionDiff(
        article_id=after.article_id,
        url=after.canonical_url or after.fetched_url,
        versions=tuple(_version(made) for made in versions),
        before=_version(before),
        after=_version(after),
        change=change,
        fields=tuple(_fields(before, after, change.fields)),
        headline=_edited(before.headline, after.headline),
        blocks=tuple(_blocks(_texts(before), _texts(after))),
    )


def _rows(reader: "LakeReader", article: str) -> list[Article]:
    ids = _ids(reader, article)
    if len(ids) > 1:
        raise ConfigurationError(f"{article} could be any of {', '.join(ids[:5])}: say more of it")
    rows = reader.versions_of(ids[0]) if ids else []
    if not rows:
        raise ConfigurationError(
            f"the lake has no article {article}; name it by its address, or by {SHORTEST_ID} or more "
            "characters of its article_id"
        )
    return [msgspec.convert(row, Article) for row in rows]


def _ids(reader: "LakeReader", article: str) -> list[str]:
    """Find an address as it is written, else in the one form that articles are known by."""
    from ingestion.parse.urls import clean_url

    if len(article) == 64:
        return [article]
    cleaned = clean_url(article)
    found = reader.articles_named(article, SHORTEST_ID)
    return found or (reader.articles_named(cleaned, SHORTEST_ID) if cleaned else [])


def _version(made: Article) -> Version:
    return Version(made.version, _words_of(made.fetched_at), str(made.pub_status), made.change)


def _fields(before: Article, after: Article, names: Sequence[str]) -> Iterator[FieldChange]:
    for name in names:
        if value := TOLD_FIELDS.get(name):
            yield FieldChange(name, _words_of(value(before)), _words_of(value(after)))


def _words_of(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, list | tuple):
        return "; ".join(filter(None, map(_words_of, value)))
    return str(value)


def _texts(made: Article) -> list[str]:
    return [paragraph.text for paragraph in made.paragraphs]


def _blocks(before: Sequence[str], after: Sequence[str]) -> Iterator[Block]:
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (_edited(text, text) for text in before[i:j])
        else:
            yield from _replaced(before[i:j], after[k:m])


def _replaced(before: Sequence[str], after: Sequence[str]) -> Iterator[Block]:
    """Pair paragraphs that are alike, in order; the others went, or came."""
    done = 0
    for text in before:
        at = next((n for n in range(done, len(after)) if _likeness(text, after[n]) >= LEAST_ALIKE), None)
        if at is None:
            yield _edited(text, None)
            continue
        yield from (_edited(None, new) for new in after[done:at])
        yield _edited(text, after[at])
        done = at + 1
    yield from (_edited(None, new) for new in after[done:])


def _likeness(before: str, after: str) -> float:
    return SequenceMatcher(None, _words(before), _words(after), autojunk=False).ratio()


def _edited(before: str | None, after: str | None) -> Block:
    if before == after:
        same = (Piece(Mark.SAME, before or ""),)
        return Block(Mark.SAME, same, same)
    if before is None or after is None:
        mark = Mark.ADDED if before is None else Mark.REMOVED
        return Block(mark, _whole(before, Mark.REMOVED), _whole(after, Mark.ADDED))
    return _marked(_words(before), _words(after))


def _whole(text: str | None, mark: Mark) -> tuple[Piece, ...]:
    return () if text is None else (Piece(mark, text),)


def _marked(before: list[str], after: list[str]) -> Block:
    old: list[Piece] = []
    new: list[Piece] = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        is_same = tag == "equal"
        if j > i:
            old.append(Piece(Mark.SAME if is_same else Mark.REMOVED, "".join(before[i:j])))
        if m > k:
            new.append(Piece(Mark.SAME if is_same else Mark.ADDED, "".join(after[k:m])))
    return Block(Mark.EDITED, tuple(old), tuple(new))


def _words(text: str) -> list[str]:
    """Words and signs, each with the spaces before it; characters where words are not parted."""
    return [part for word in WORD.findall(text) for part in (list(word) if UNSPACED.search(word) else [word])]
