"""Raw text to blocks: lines numbered from 1, hard-wrapped lines joined into their paragraphs."""

import re
import unicodedata
from itertools import pairwise

from msgspec import Struct

from ingestion.parse.clean import one_line

_LINE_ENDS = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_WIDEST_WRAP = 100
_NARROWEST_WRAP = 40
_ENOUGH_PAIRS = 3
_SHARE_OF_FULL_LINES = 0.6
_SHARE_OF_WIDTH = 0.6
_CJK_SLACK = 4
_FIRST_WIDE = "\u1100"
_CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_BULLET = re.compile(r"^\s*(?:[•·▪■◆●○*–—-]|\d{1,2}[.)])\s+\S")

_QUOTE_MARKS = re.compile(r"^(?:>[ \t]?)+")
_WIRE_MARKS = re.compile(r"^\^(?P<marked>.+?)\s?[<=]?$|^(?P<closed>[^=]{10,}?)\s=$")
"""The marks by which the text format of agencies tells headline and byline from the text (IPTC 7901)."""


class Block(Struct, frozen=True):
    """A line, or a paragraph made of several; `line` is the number of its first."""

    line: int
    text: str
    raw_lines: tuple[str, ...]


def blocks_of(text: str) -> tuple[Block, ...]:
    """Return the blocks of a text in order."""
    runs = _runs(_unquoted(_LINE_ENDS.split(text)))
    width = _wrap_width(runs)
    return tuple(block for run in runs for block in (_joined(run, width) if width else _single(run)))


def _unquoted(lines: list[str]) -> list[str]:
    """Take off the marks of a text that was sent on as a quotation, where most of it was."""
    quoted = sum(line.startswith(">") for line in lines)
    if quoted < max(_ENOUGH_PAIRS, sum(map(bool, lines)) // 2):
        return lines
    return [_QUOTE_MARKS.sub("", line) for line in lines]


Run = list[tuple[int, str]]


def _runs(lines: list[str]) -> list[Run]:
    """Gather the lines between empty ones, numbered."""
    runs: list[Run] = [[]]
    for number, line in enumerate(lines, start=1):
        if one_line(line):
            runs[-1].append((number, line.rstrip()))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _wrap_width(runs: list[Run]) -> int | None:
    """Return the width the text is wrapped at, None where each line stands for itself.

    A text is wrapped where the first word of a line would not have fitted on the line before it. Short lines
    tell nothing: they end paragraphs, or stand in headers and lists.
    """
    if any(len(line) > _WIDEST_WRAP for run in runs for _, line in run):
        return None
    widest = max((columns(line) for run in runs for _, line in run), default=0)
    if not _NARROWEST_WRAP <= widest <= _WIDEST_WRAP:
        return None
    pairs = [
        (above, below)
        for run in runs
        for (_, above), (_, below) in pairwise(run)
        if columns(above) >= _SHARE_OF_WIDTH * widest
    ]
    full = sum(_is_full(above, below, widest) for above, below in pairs)
    return widest if full >= max(_ENOUGH_PAIRS, _SHARE_OF_FULL_LINES * len(pairs)) else None


def _is_full(above: str, below: str, width: int) -> bool:
    if _CJK.search(above[-1:]) and _CJK.search(below.lstrip()[:1]):
        return columns(above) >= width - _CJK_SLACK
    return columns(above) + 1 + columns(below.split(maxsplit=1)[0]) > width - 1


def _joined(run: Run, width: int) -> list[Block]:
    groups: list[Run] = []
    for number, line in run:
        last = groups[-1][-1][1] if groups else ""
        if groups and _is_full(last, line, width) and not _begins_paragraph(line, last):
            groups[-1].append((number, line))
        else:
            groups.append([(number, line)])
    return [_block(group) for group in groups]


def _begins_paragraph(line: str, above: str) -> bool:
    return _indent(line) > _indent(above) or bool(_BULLET.match(line))


def _single(run: Run) -> list[Block]:
    return [_block([numbered]) for numbered in run]


def _without_wire_marks(text: str) -> str:
    match = _WIRE_MARKS.match(text)
    return (match["marked"] or match["closed"]) if match else text


def _block(group: Run) -> Block:
    text = _without_wire_marks(one_line(group[0][1]))
    for _, line in group[1:]:
        more = one_line(line)
        text += more if _CJK.search(text[-1:]) and _CJK.search(more[:1]) else f" {more}"
    return Block(group[0][0], text, tuple(one_line(line) for _, line in group))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def columns(text: str) -> int:
    """Measure a line in columns; a wide character takes two."""
    if text.isascii() or max(text) < _FIRST_WIDE:
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
