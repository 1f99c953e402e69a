"""The best passages of a text for a query, as escaped HTML with `<mark>`."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from itertools import islice
from typing import NamedTuple

from ingestion.article import Article
from ingestion.search.query import AllOf, AnyOf, Node, Phrase, Word
from ingestion.search.stems import language_of, stems
from ingestion.search.words import Piece, pieces, runs

PASSAGE_CHARACTERS = 260
SENTENCE = re.compile(r"[^\n.!?。！？؟।]+(?:[.!?。！？؟।]+[\"”»’)\]]*|\n|$)")


class Needle(NamedTuple):
    """Words side by side, folded; `stem` is that of a lone word in the language of the text."""

    words: tuple[Piece, ...]
    stem: str | None


class Span(NamedTuple):
    """A stretch of a text that matches a needle, by its number."""

    start: int
    end: int
    needle: int


class Highlighter:
    """Marks texts for one query; what it learns of a word serves all the texts of a page."""

    def __init__(self, terms: Node | None) -> None:
        self._terms = terms
        self._finders: dict[str | None, _Finder] = {}

    def whole(self, text: str, language: str | None) -> tuple[str, ...]:
        """The whole text with its marks, or nothing if there is nothing to mark."""
        spans = sorted(self._finder(language).find(text))
        return (_marked(text, 0, len(text), spans),) if spans else ()

    def passages(self, text: str, language: str | None, *, most: int = 2) -> tuple[str, ...]:
        """The passages in which most of the query stands, in the order of the text."""
        spans = sorted(self._finder(language).find(text))
        ranked = sorted(_windows(text, spans), key=lambda window: (-_worth(window[2]), window[0]))
        chosen = sorted(_apart(ranked, most))
        return tuple(_framed(text, start, end, inside) for start, end, inside in chosen)

    def marks(self, article: Article) -> dict[str, tuple[str, ...]]:
        """Mark what a hit shows of an article, by field; fields without a match are left out."""
        language = language_of(article.language.code if article.language else None)
        marked = {
            "headline": self.whole(article.headline, language),
            "body": self.passages(article.body, language),
        }
        return {name: parts for name, parts in marked.items() if parts}

    def _finder(self, language: str | None) -> "_Finder":
        """Stems are compared within `language`, one of `stems.STEMMED` or None."""
        if language not in self._finders:
            wanted = tuple(dict.fromkeys(_needles(self._terms, language)))
            self._finders[language] = _Finder(wanted, language)
        return self._finders[language]


def _needles(node: Node | None, language: str | None) -> Iterator[Needle]:
    """What to look for; what is excluded is not looked for."""
    match node:
        case Word(text):
            yield _needle(text, language)
        case Phrase(text):
            yield _needle(text, None)
        case AllOf(nodes) | AnyOf(nodes):
            for inner in nodes:
                yield from _needles(inner, language)
        case _:
            pass


def _needle(text: str, language: str | None) -> Needle:
    words = tuple(pieces(text))
    alone = len(words) == 1 and not words[0].unspaced
    return Needle(words, _stem(text, language) if alone and language else None)


Window = tuple[int, int, list[Span]]


def _windows(text: str, spans: Sequence[Span]) -> Iterator[Window]:
    """A window around each first match of a sentence, from the start of the sentence if it fits."""
    starts = iter(SENTENCE.finditer(text)) if spans else iter(())
    sentence = next(starts, None)
    covered = -1
    for index, span in enumerate(spans):
        if span.start < covered:
            continue
        while sentence is not None and sentence.end() <= span.start:
            sentence = next(starts, None)
        begin = sentence.start() if sentence else 0
        start, end = _window(text, begin, span)
        covered = end
        near = spans[index : index + 100]
        yield start, end, [other for other in near if start <= other.start and other.end <= end]


def _window(text: str, begin: int, span: Span) -> tuple[int, int]:
    room = PASSAGE_CHARACTERS // 2
    begin = 0 if span.end <= room else begin
    start = begin if span.end - begin <= room else _word_start(text, span.start - room // 2)
    start += len(text[start : span.start]) - len(text[start : span.start].lstrip())
    end = max(span.end, _word_end(text, start + PASSAGE_CHARACTERS))
    return start, end


def _word_start(text: str, at: int) -> int:
    space = text.find(" ", max(at, 0), max(at, 0) + 40)
    return max(at, 0) if space < 0 else space + 1


def _word_end(text: str, at: int) -> int:
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", at - 40, at)
    return at if space < 0 else space


def _worth(spans: Sequence[Span]) -> float:
    return len({span.needle for span in spans}) + min(len(spans), 9) / 10


def _apart(ranked: Sequence[Window], most: int) -> list[Window]:
    chosen: list[Window] = []
    for window in ranked:
        if len(chosen) < most and all(window[1] <= other[0] or other[1] <= window[0] for other in chosen):
            chosen.append(window)
    return chosen


def _framed(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    before = "… " if text[:start].strip() else ""
    after = " …" if text[end:].strip() else ""
    return before + _marked(text, start, end, spans) + after


def _marked(text: str, start: int, end: int, spans: Sequence[Span]) -> str:
    parts: list[str] = []
    at = start
    for first, last in _merged(spans):
        parts += [escape(text[at:first]), "<mark>", escape(text[first:last]), "</mark>"]
        at = last
    return " ".join("".join([*parts, escape(text[at:end])]).split())


def _merged(spans: Sequence[Span]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], span.end))
        else:
            merged.append((span.start, span.end))
    return merged


def _agree(piece: Piece, word: Piece) -> bool:
    return word.folded in piece.folded if word.unspaced else piece.folded == word.folded


def _are_in_a_row(found: Sequence[Piece], words: Sequence[Piece]) -> bool:
    """Runs without spaces may go on beyond the first and the last word of a phrase."""
    return (
        found[0].folded.endswith(words[0].folded)
        and found[-1].folded.startswith(words[-1].folded)
        and all(one.folded == word.folded for one, word in zip(found[1:-1], words[1:-1], strict=True))
        and all(one.unspaced or one.folded == word.folded for one, word in zip(found, words, strict=True))
    )


def _tail(piece: Piece, word: Piece) -> int:
    """Where the word begins at the end of its piece; only where folding kept the length can that be told."""
    kept = piece.end - piece.start == len(piece.folded)
    return piece.end - len(word.folded) if kept else piece.start


def _head(piece: Piece, word: Piece) -> int:
    kept = piece.end - piece.start == len(piece.folded)
    return piece.start + len(word.folded) if kept else piece.end


@lru_cache(maxsize=100_000)
def _stem(surface: str, language: str) -> str | None:
    found = stems(surface, language)
    return found[0] if len(found) == 1 else None


class _Finder:
    """Finds needles in texts of one language; each different run of letters is looked at once."""

    def __init__(self, wanted: Sequence[Needle], language: str | None) -> None:
        self._wanted = [needle for needle in wanted if needle.words]
        self._language = language
        self._seen: dict[str, list[tuple[Piece, int]]] = {}

    def find(self, text: str) -> Iterator[Span]:
        """Every place where a needle stands, roughly in the order of the text."""
        if self._wanted:
            for run in runs(text):
                for piece, number in self._starting_in(run.group()):
                    yield from self._spans(text, run.start(), piece, number)

    def _starting_in(self, run: str) -> list[tuple[Piece, int]]:
        known = self._seen.get(run)
        if known is None:
            known = self._seen[run] = list(self._look_up(run))
        return known

    def _look_up(self, run: str) -> Iterator[tuple[Piece, int]]:
        for piece in pieces(run):
            stem = _stem(run[piece.start : piece.end], self._language) if self._language else None
            for number, needle in enumerate(self._wanted):
                if _agree(piece, needle.words[0]) or (stem and stem == needle.stem):
                    yield piece, number

    def _spans(self, text: str, at: int, piece: Piece, number: int) -> Iterator[Span]:
        """Where a needle stands that may start at a piece of the run that begins at `at`."""
        words = self._wanted[number].words
        start, end = at + piece.start, at + piece.end
        if len(words) > 1:
            following = list(islice(pieces(text, start), len(words)))
            if len(following) == len(words) and _are_in_a_row(following, words):
                yield Span(_tail(following[0], words[0]), _head(following[-1], words[-1]), number)
        elif not piece.unspaced or end - start != len(piece.folded):
            yield Span(start, end, number)
        else:
            for found in re.finditer(re.escape(words[0].folded), piece.folded):
                yield Span(start + found.start(), start + found.end(), number)
