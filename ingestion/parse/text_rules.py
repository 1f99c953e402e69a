"""The role of every line of a raw text, by repetition, by shape and position, and by the lexicon.

The rules are general: they know nothing of a publisher. Each is a pass over the lines in the order of
`classified`; a line keeps the first role it is given.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from ingestion.article import Publisher
from ingestion.parse import lexicon
from ingestion.parse.clean import key
from ingestion.parse.credits import credit_line, dateline_of
from ingestion.parse.people import is_byline
from ingestion.parse.text_lines import Block
from ingestion.parse.text_mail import mail_header
from ingestion.parse.text_notices import is_notice, notes_for_editors
from ingestion.parse.text_shape import (
    LONGEST_LABEL,
    SHORTEST_SENTENCE,
    Line,
    Lines,
    byline_of,
    caption_of,
    dates_of,
    headline_shaped,
    word_count,
)

BODY = "body"
SUBHEADING = "subheading"
LIST_ITEM = "list_item"
KEPT = frozenset({BODY, SUBHEADING, LIST_ITEM})
# Phrases that a story could also use as a sentence: they count only at its edges, or without a full stop.
_EDGE_ONLY = frozenset(
    {"legal", "cookie", "newsletter", "update_note", "rating_prompt", "tags", "breadcrumb", "contact"}
)
_TITLE_LIKE = frozenset({"breadcrumb", "newsletter", "related_link"})
_COMMENTS = frozenset({"comment_label", "comment_count"})
_LONGEST_PHRASE = 450
_LONGEST_REFRAIN = 60
_LONGEST_SUBHEADING = 99
_LONGEST_QUESTION = 70
_LABEL = 60
_LONGEST_READER_NAME = 40
# No head is longer than this many lines: beyond it a text has no headline that could be told.
_LONGEST_HEAD = 60
_AHEAD = 40
_PREFIX_BEFORE_CAPTION = re.compile(r"^[^:：=＝]{2,25}[:：=＝]\s*")
_OPENS_QUOTE = tuple("\"“„«‘'-–—「")


def classified(blocks: Sequence[Block], publisher: Publisher) -> Lines:
    """Give every line its role."""
    lines = [Line.of(block) for block in blocks]
    passes: tuple[Callable[[Lines, Publisher], None], ...] = (
        mail_header,
        notes_for_editors,
        _labels,
        _repetition,
        _notices,
        _captions,
        _bylines_and_dates,
        _phrases,
        _after_headings,
        _head,
        _tail,
        _interior,
    )
    for give_roles in passes:
        give_roles(lines, publisher)
    return lines


def _span(lines: Lines) -> tuple[int, int]:
    """Return the indices of the first and the last line that are surely paragraphs of the story."""
    free = [(index, line) for index, line in enumerate(lines) if line.role in ("", BODY)]
    surely = [index for index, line in free if line.is_long and not is_notice(line.text)]
    surely = surely or [i for i, line in free if line.is_statement and line.width >= SHORTEST_SENTENCE]
    for least in (_LONGEST_SUBHEADING, SHORTEST_SENTENCE):
        surely = surely or [i for i, line in free[1:] if line.width > least]
    return (surely[0], surely[-1]) if surely else (len(lines), len(lines) - 1)


def _labels(lines: Lines, _publisher: Publisher) -> None:
    for line in lines:
        if line.width <= LONGEST_LABEL and (said := lexicon.label(line.text)):
            line.become(said.role)


def _repetition(lines: Lines, _publisher: Publisher) -> None:
    """A line printed twice is furniture the second time; a short sentence inside a story may be a refrain."""
    start, _ = _span(lines)
    first: dict[str, int] = {}
    for index, line in enumerate(lines):
        words = key(line.text)
        original = first.setdefault(words, index) if words else index
        if original == index:
            continue
        lines[original].copies += 1
        inside = index > start and index - original > 1
        if not (inside and line.is_sentence and line.width < _LONGEST_REFRAIN):
            line.become("repeated")


def _captions(lines: Lines, _publisher: Publisher) -> None:
    start, end = _span(lines)
    for index, line in enumerate(lines):
        if line.role:
            continue
        if credit := lexicon.credit_only(line.text):
            line.become("photo_credit", credit=credit)
        elif values := caption_of(line.text, leads=index <= start and index < end):
            line.become("caption", **values)
        elif lexicon.caption_prefix(line.text):
            line.become("caption", caption=_PREFIX_BEFORE_CAPTION.sub("", line.text))


def _bylines_and_dates(lines: Lines, publisher: Publisher) -> None:
    for line in lines:
        if line.role or line.width > _LONGEST_PHRASE:
            continue
        if values := dates_of(line):
            line.become("date", **values)
        elif names := byline_of(line, publisher):
            line.become("byline", names=names)
        elif line.width <= LONGEST_LABEL and (credit := credit_line(line.text)):
            line.become("credit", agencies="; ".join(credit.agencies), place=credit.place or "")


def _notices(lines: Lines, _publisher: Publisher) -> None:
    """What an editor says of the story itself is a part of it, wherever it stands."""
    for line in lines:
        if not line.role and line.width >= SHORTEST_SENTENCE and is_notice(line.text):
            line.become(BODY)


def _phrases(lines: Lines, _publisher: Publisher) -> None:
    start, end = _span(lines)
    for index, line in enumerate(lines):
        if line.role or line.width > 2 * _LONGEST_PHRASE or not (said := lexicon.phrase(line.text)):
            continue
        doubtful = said.role in _EDGE_ONLY and start <= index <= end and line.is_statement
        if not doubtful and not (said.role in _TITLE_LIKE and _may_be_headline(lines, index, start)):
            line.become(said.role, **said.values)


def _may_be_headline(lines: Lines, index: int, start: int) -> bool:
    """Whether nothing but this line of the head could be the headline."""
    head = lines[: min(start, _LONGEST_HEAD)]
    return index < len(head) and not any(headline_shaped(line) for line in head if line is not lines[index])


def _after_headings(lines: Lines, _publisher: Publisher) -> None:
    """Lists of other stories follow their heading; readers' comments follow theirs, to the end."""
    heading, paragraphs = "", 0
    _, end = _span(lines)
    for index, line in enumerate(lines):
        paragraphs += line.is_long and not line.role
        if line.role == "related_heading":
            heading = "related_list"
        elif line.role in _COMMENTS and paragraphs > 1 and _begins_comments(lines, index):
            heading = "reader_comment"
        elif heading == "related_list" and _ends_list(line, before_end=index <= end):
            heading = ""
        elif heading and (heading == "reader_comment" or not line.is_prose or index > end):
            line.become(heading)


def _ends_list(line: Line, *, before_end: bool) -> bool:
    return (line.is_long and before_end) or line.role in ("byline", "caption")


def _begins_comments(lines: Lines, index: int) -> bool:
    """Readers' comments begin with the name of a reader."""
    below = next((line for line in lines[index + 1 : index + _AHEAD] if line.role not in _COMMENTS), None)
    named = below is not None and below.width < _LONGEST_READER_NAME and not below.is_sentence
    return named and below is not None and not below.role


def _head(lines: Lines, publisher: Publisher) -> None:
    start, end = _span(lines)
    start = _without_deck(lines, start, end)
    head = lines[:start]
    headline = _headline(head[:_LONGEST_HEAD])
    if headline is None and start < end and headline_shaped(lines[start]):
        headline = lines[start]
    if headline is not None:
        headline.role = "headline"
    _names_beside_dates(head, publisher)
    last = max((index for index, line in enumerate(head) if _separates(line)), default=-1)
    below = headline is None
    for index, line in enumerate(head):
        below = below or line is headline
        line.become(_role_in_head(line, below=below, apart=index < last))


def _names_beside_dates(head: Lines, publisher: Publisher) -> None:
    """A name alone next to the date is the writer's."""
    for line, neighbour in (*pairwise(head), *pairwise(head[::-1])):
        if neighbour.role == "date" and not line.role and is_byline(line.text, publisher):
            line.become("byline", names=line.text)


def _separates(line: Line) -> bool:
    """Furniture below a line sets it apart from the story."""
    return line.role not in KEPT | {"", "deck", "headline"}


def _without_deck(lines: Lines, start: int, end: int) -> int:
    """Pass over a first paragraph that stands above the byline or the date: it is the deck."""
    following = [line.role for line in lines[start + 1 : start + 5]]
    told = dateline_of(lines[start].text) if start < len(lines) else None
    if start >= end or not {"byline", "date"} & set(following) or start == 0 or told:
        return start
    lines[start].become("deck")
    return next((i for i in range(start + 1, end + 1) if not lines[i].role and lines[i].is_long), start)


def _headline(head: Lines) -> Line | None:
    """Choose the headline: the one printed twice, else the first that has the shape of one."""
    shaped = [line for line in head if headline_shaped(line)]
    short = [line for line in head if not line.role and line.width <= _LONGEST_SUBHEADING]
    repeated = [line for line in shaped if line.copies > 1 and word_count(line.text) >= 3]
    telling = [line for line in shaped if word_count(line.text) >= 4]
    return next(iter(repeated or telling or shaped or short), None)


def _role_in_head(line: Line, *, below: bool, apart: bool) -> str:
    wide = line.width >= SHORTEST_SENTENCE
    if not below:
        return "kicker"
    if line.is_item and wide:
        return LIST_ITEM
    if line.copies > 1 and wide:
        return "caption"
    if wide and apart:
        return "deck"
    return BODY if line.is_sentence or wide else "leading_label"


def _tail(lines: Lines, _publisher: Publisher) -> None:
    """Below the last paragraph a short line that is no sentence is furniture.

    Where paragraphs end without full stops, so may the last of them, as long as nothing comes between.
    """
    _, end = _span(lines)
    unstopped = 0 <= end < len(lines) and not lines[end].is_sentence
    for line in lines[end + 1 :]:
        unstopped = unstopped and not line.role and line.width >= SHORTEST_SENTENCE
        if unstopped:
            line.become(BODY)
        elif not line.is_sentence and line.width <= _LONGEST_SUBHEADING and not line.is_item:
            line.become("trailing_label")


def _interior(lines: Lines, _publisher: Publisher) -> None:
    above: Line | None = None
    for index, line in enumerate(lines):
        if not line.role:
            line.become(_role_inside(line, above, _below(lines, index)))
        above = line if line.role == BODY else above


def _below(lines: Lines, index: int) -> Line | None:
    return next((line for line in lines[index + 1 : index + _AHEAD] if line.role in KEPT | {""}), None)


def _role_inside(line: Line, above: Line | None, below: Line | None) -> str:
    if line.is_item:
        return LIST_ITEM
    leads_on = below is not None and (below.is_sentence or below.is_item or below.width > _LABEL)
    if line.is_sentence:
        asks = above is not None and above.is_long and below is not None and below.is_long
        return SUBHEADING if asks and _is_question(line) else BODY
    short = line.width <= _LONGEST_SUBHEADING and not line.text.endswith((":", "：", ";", ","))
    return SUBHEADING if short and leads_on else BODY


def _is_question(line: Line) -> bool:
    """A short question on a line of its own, as in explainers; not one that somebody is quoted with."""
    asks = line.text.endswith(("?", "？", "؟")) and line.width <= _LONGEST_QUESTION
    return asks and not line.text.startswith(_OPENS_QUOTE)
