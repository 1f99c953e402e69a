"""What is found of the copies, and what is taken for one wrongly."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

from wire import Told

from ingestion.article import Article
from ingestion.stages.group import group
from ingestion.state.claims import SqlMemory
from ingestion.state.database import StateDatabase

T = TypeVar("T")
BATCH = 500
LENGTHS = (100, 200, 400, 800)


@dataclass
class Judged:
    """How many copies are in the group of the first, and how many of all that joined a group belong there.

    Pairs are of copies of one story, in one group or not, and of articles in one group, of one story or not.
    """

    articles: Counter[str] = field(default_factory=Counter)
    copies: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    roles: Counter[tuple[str, str]] = field(default_factory=Counter)
    joined: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    in_no_group: Counter[str] = field(default_factory=Counter)
    recall_of_pairs: float = 0.0
    precision_of_pairs: float = 0.0

    @property
    def recall(self) -> float:
        """Copies in the group of the first article of their story."""
        return self.found["all"] / self.copies["all"]

    @property
    def precision(self) -> float:
        """Articles in the group of another that tell the same as its first."""
        return 1 - self.wrong.total() / self.joined


def judged(told: Sequence[Told], folder: Path) -> Judged:
    """Place every article, and compare with what is known of how it was made."""
    memory = SqlMemory(StateDatabase(f"sqlite:{folder / 'quality.sqlite'}"))
    placed = [made for part in parts([t.article for t in told]) for made in grouped(memory, part)]
    stories = {piece.article.article_id: piece.story for piece in told}
    first: dict[str, Article] = {}
    result = Judged()
    for piece, article in zip(told, placed, strict=True):
        _judge_joining(result, piece, article, stories)
        if piece.kind == "copy" and first.setdefault(piece.story, article) is not article:
            _judge_finding(result, piece, article, first[piece.story])
    _judge_pairs(result, told, placed)
    return result


def grouped(memory: SqlMemory, batch: Sequence[Article]) -> list[Article]:
    """Place a batch in a transaction of its own."""
    with memory.claims() as claims:
        return group(batch, claims)


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Make batches."""
    left = iter(values)
    while part := list(islice(left, BATCH)):
        yield part


def _judge_joining(result: Judged, piece: Told, article: Article, stories: Mapping[str, str]) -> None:
    result.articles[piece.kind] += 1
    syndication = article.syndication
    if syndication is None:
        result.in_no_group[piece.kind] += 1
    elif syndication.group_id != article.article_id:
        result.joined += 1
        if stories[syndication.group_id] != piece.story:
            result.wrong[f"{piece.kind} as {syndication.role}"] += 1


def _judge_finding(result: Judged, piece: Told, article: Article, first: Article) -> None:
    is_found = _group_of(article) == _group_of(first)
    role = str(article.syndication.role) if article.syndication else "none"
    for name in ("all", *_traits(piece)):
        result.copies[name] += 1
        result.found[name] += is_found
        result.roles[name, role] += is_found


def _traits(piece: Told) -> Iterator[str]:
    """What a copy is counted under."""
    yield next((f"under {most} words" for most in LENGTHS if piece.words < most), "800 words and more")
    yield f"in {piece.article.publisher.language}"
    yield from (change.replace("_", " ") for change in piece.changes)


def _judge_pairs(result: Judged, told: Sequence[Told], placed: Sequence[Article]) -> None:
    """Count pairs by their story, by their group, and by both; what is no copy need not be found."""
    of_group: Counter[str] = Counter()
    of_both: Counter[tuple[str, str]] = Counter()
    copies: Counter[str] = Counter()
    copies_found: Counter[tuple[str, str]] = Counter()
    for piece, article in zip(told, placed, strict=True):
        of_group[_group_of(article)] += 1
        of_both[piece.story, _group_of(article)] += 1
        if piece.kind == "copy":
            copies[piece.story] += 1
            copies_found[piece.story, _group_of(article)] += 1
    result.recall_of_pairs = _pairs(copies_found) / _pairs(copies)
    result.precision_of_pairs = _pairs(of_both) / _pairs(of_group)


def _pairs(counts: Mapping[T, int]) -> int:
    return sum(count * (count - 1) // 2 for count in counts.values())


def _group_of(article: Article) -> str:
    return article.syndication.group_id if article.syndication else article.article_id
