"""Two versions of an article, for people: side by side in colour, or line by line where there is none."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ingestion.version_diff import Block, Mark, Piece, Version, VersionDiff

STYLES = {Mark.SAME: "", Mark.REMOVED: "red strike", Mark.ADDED: "green", Mark.EDITED: ""}
SIGNS = {Mark.SAME: ("", ""), Mark.REMOVED: ("[-", "-]"), Mark.ADDED: ("{+", "+}"), Mark.EDITED: ("", "")}
"""As `wdiff` marks them, for where there is no colour."""


def print_diff(console: Console, diff: VersionDiff) -> None:
    """Print what changed; paragraphs that stayed are counted and left out."""
    others = ", ".join(map(str, diff.versions))
    console.print(Text(f"{diff.url or diff.article_id}", style="bold"))
    console.print(f"versions in the lake: {others}", style="dim", highlight=False)
    for line in _told(diff.after):
        console.print(line, highlight=False, markup=False)
    if console.is_terminal and not console.no_color:
        console.print(_side_by_side(diff))
    else:
        for line in _lines(diff):
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _told(version: Version) -> Iterator[str]:
    change = version.change
    if not change:
        return
    yield f"{change['kind']}: {', '.join(change['fields']) or 'what changed is not known any more'}"
    if change["words_added"] is not None:
        yield (
            f"words +{change['words_added']} -{change['words_removed']}, "
            f"paragraphs +{change['paragraphs_added']} -{change['paragraphs_removed']}"
        )
    for notice in change["notices"]:
        yield f"notice: {notice}"


def _head(version: Version) -> str:
    status = "" if version.pub_status == "usable" else f", {version.pub_status}"
    return f"version {version.number}, {version.seen}{status}"


def _side_by_side(diff: VersionDiff) -> Table:
    table = Table(expand=True, show_lines=True)
    for version in (diff.before, diff.after):
        table.add_column(_head(version), ratio=1, overflow="fold")
    table.add_row(*_sides(diff.headline, "bold"))
    for is_same, blocks in _runs(diff.blocks):
        if is_same:
            stayed = Text(_stayed(len(blocks)), style="dim")
            table.add_row(stayed, stayed)
        else:
            for block in blocks:
                table.add_row(*_sides(block))
    return table


def _sides(block: Block, style: str = "") -> tuple[Text, Text]:
    return _coloured(block.before, style), _coloured(block.after, style)


def _coloured(pieces: Sequence[Piece], style: str) -> Text:
    return Text.assemble(*((piece.text, f"{style} {STYLES[piece.mark]}".strip()) for piece in pieces))


def _lines(diff: VersionDiff) -> Iterator[str]:
    yield f"--- {_head(diff.before)}"
    yield f"+++ {_head(diff.after)}"
    yield from _signed(diff.headline)
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
    return "… a paragraph the same" if count == 1 else f"… {count} paragraphs the same"
