"""Two versions of an article, for people: side by side in colour, or line by line where there is none."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingestion.article import Change, ChangeKind
from ingestion.version_diff import Block, FieldChange, Mark, Piece, Version, VersionDiff

NARROWEST = 60
"""A terminal of fewer columns shows line by line."""

STYLES = {Mark.SAME: "", Mark.REMOVED: "red strike", Mark.ADDED: "green", Mark.EDITED: ""}
SIGNS = {Mark.SAME: ("", ""), Mark.REMOVED: ("[-", "-]"), Mark.ADDED: ("{+", "+}"), Mark.EDITED: ("", "")}
"""As `wdiff` marks them, for where there is no colour."""


def print_diff(console: Console, diff: VersionDiff) -> None:
    """Print what changed; paragraphs that stayed are counted and left out."""
    console.print(Text(diff.url or diff.article_id, style="bold"), soft_wrap=True)
    for version in diff.versions:
        is_shown = version.number in {diff.before.number, diff.after.number}
        _print(console, f"  {_in_history(version)}", "" if is_shown else "dim")
    console.print()
    for line in _told(diff):
        _print(console, line)
    if console.is_terminal and not console.no_color and console.width >= NARROWEST:
        console.print(_side_by_side(diff))
    else:
        for line in _lines(diff):
            _print(console, line)


def _print(console: Console, line: str, style: str = "") -> None:
    console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)


def _in_history(version: Version) -> str:
    told = f"{_head(version)}{f': {_kind(version.change)}' if version.change else ''}"
    return told if version.pub_status == "usable" else f"{told} ({version.pub_status})"


def _kind(change: Change) -> str:
    """The kind of change with its fields, without those that the kind names itself."""
    is_back = "pub_status" in change.fields and change.kind is not ChangeKind.WITHDRAWAL
    kind = f"{change.kind} after a withdrawal" if is_back else str(change.kind)
    others = ", ".join(name for name in change.fields if name not in {"pub_status", str(change.kind)})
    return f"{kind} of {others}" if others else kind


def _told(diff: VersionDiff) -> Iterator[str]:
    change = diff.change
    yield f"from version {diff.before.number} to {diff.after.number}: {_kind(change)}"
    if change.words_added or change.words_removed:
        yield (
            f"words +{change.words_added} -{change.words_removed}, "
            f"paragraphs +{change.paragraphs_added} -{change.paragraphs_removed}"
        )
    for notice in change.notices:
        yield f"notice: {notice}"


def _head(version: Version) -> str:
    return f"version {version.number}, {version.seen}"


def _side_by_side(diff: VersionDiff) -> Table:
    table = Table(expand=True, show_lines=True)
    for version in (diff.before, diff.after):
        table.add_column(_head(version), ratio=1, overflow="fold")
    table.add_row(*_sides(diff.headline, "bold"))
    for field in diff.fields:
        table.add_row(*_field_sides(field))
    for is_same, blocks in _runs(diff.blocks):
        if is_same:
            stayed = Text(_stayed(len(blocks)), style="dim")
            table.add_row(stayed, stayed)
        else:
            for block in blocks:
                table.add_row(*_sides(block))
    return table


def _field_sides(field: FieldChange) -> tuple[Text, Text]:
    told = ((field.before, STYLES[Mark.REMOVED]), (field.after, STYLES[Mark.ADDED]))
    before, after = (Text.assemble((f"{field.name}: ", "dim"), (text, style)) for text, style in told)
    return before, after


def _sides(block: Block, style: str = "") -> tuple[Text, Text]:
    return _coloured(block.before, style), _coloured(block.after, style)


def _coloured(pieces: Sequence[Piece], style: str) -> Text:
    return Text.assemble(*((piece.text, f"{style} {STYLES[piece.mark]}".strip()) for piece in pieces))


def _lines(diff: VersionDiff) -> Iterator[str]:
    yield f"--- {_head(diff.before)}"
    yield f"+++ {_head(diff.after)}"
    yield from _signed(diff.headline)
    for field in diff.fields:
        yield f"- {field.name}: {field.before}"
        yield f"+ {field.name}: {field.after}"
    for is_same, blocks in _runs(diff.blocks):
        if is_same:
            yield f"  {_stayed(len(blocks))}"
        else:
            yield from (line for block in blocks for line in _signed(block))


def _signed(block: Block) -> Iterator[str]:
    if block.mark is Mark.SAME:
        yield f"  {_plain(block.after)}"
    if block.before and block.mark is not Mark.SAME:
        yield f"- {_plain(block.before, marked=block.mark is Mark.EDITED)}"
    if block.after and block.mark is not Mark.SAME:
        yield f"+ {_plain(block.after, marked=block.mark is Mark.EDITED)}"


def _plain(pieces: Sequence[Piece], *, marked: bool = False) -> str:
    return "".join(_signs(piece) if marked else piece.text for piece in pieces)


def _signs(piece: Piece) -> str:
    words = piece.text.lstrip()
    return piece.text[: len(piece.text) - len(words)] + words.join(SIGNS[piece.mark])


def _runs(blocks: Sequence[Block]) -> Iterator[tuple[bool, list[Block]]]:
    for is_same, run in groupby(blocks, key=lambda block: block.mark is Mark.SAME):
        yield is_same, list(run)


def _stayed(count: int) -> str:
    return "… 1 paragraph unchanged" if count == 1 else f"… {count} paragraphs unchanged"
