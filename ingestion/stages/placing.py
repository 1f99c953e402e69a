"""Where a text belongs among those that are like it: first of a group, one of a group, one of a series.

A group is a star: its members are like its first article, or a copy of one that is. So a story that
changes a little every day does not carry its group along for ever.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from ingestion.article import Article, Moment, Precision, Syndication, SyndicationRole
from ingestion.ports import Placed
from ingestion.stages.likeness import Grade, Likeness
from ingestion.stages.syndication import (
    are_kin,
    canonical_elsewhere,
    credits_to_others,
    named,
    names_of,
    shared,
)

MOST_STEPS = 2
SERIES_APART = timedelta(hours=20)
SERIES_LENGTH = 3
"""One publisher's texts that are alike, at so many addresses or so far apart in time, are a series."""

NOTHING_NEW = 0.9
"""A text of another publisher that resembles a known one so much need not be found by later ones."""


class Match(NamedTuple):
    """A known article that is like the one in hand, in its words at least."""

    placed: Placed
    likeness: Likeness
    grade: Grade


def placed_first(article: Article) -> Placed:
    """Begin a group. Its first article is the original unless it credits somebody else."""
    evidence = _evidence(article, None)
    role = SyndicationRole.COPY if evidence else SyndicationRole.ORIGINAL
    at = _instant(article.published)
    syndication = Syndication(
        group_id=article.article_id,
        role=role,
        similarity=1.0,
        first_seen=article.ingested_at,
        original_id=article.article_id if at else None,
        evidence=evidence,
    )
    return replace(_bare(article), earliest_at=at, syndication=syndication)


def placed_in_series(article: Article) -> Placed:
    """Leave it out of all groups."""
    return replace(_bare(article), is_series=True)


def place(article: Article, matches: Sequence[Match]) -> Placed:
    """Find the group of an article that was not seen before."""
    if _is_in_series(article, matches):
        return placed_in_series(article)
    open_to_it = [match for match in matches if _can_lead(match, article.publisher.id)]
    if not open_to_it:
        return placed_first(article)
    group_id = min(_age(match) for match in open_to_it)[1]
    return _placed_beside(article, [match for match in open_to_it if _age(match)[1] == group_id])


def place_again(article: Article, before: Placed, matches: Sequence[Match]) -> Placed:
    """Keep a later version of an article where the earlier ones are; only how alike it is may change."""
    if before.is_series or before.syndication is None:
        return placed_in_series(article)
    group = [match for match in matches if _is_of(before.syndication.group_id, match)]
    syndication = before.syndication
    if group and syndication.matched_id is not None:
        syndication = _measured(syndication, article, _nearest(group))
    return replace(
        _bare(article), earliest_at=before.earliest_at, steps=before.steps, syndication=syndication
    )


def need_not_be_found(placed: Placed, matches: Iterable[Match]) -> bool:
    """Whether later texts find this one's group as well without it."""
    return not _says_earliest(placed) and any(
        match.likeness.resemblance >= NOTHING_NEW
        and not are_kin(match.placed.publisher_id, placed.publisher_id)
        and placed.syndication is not None
        and _is_of(placed.syndication.group_id, match)
        and match.placed.steps <= placed.steps
        for match in matches
    )


def _placed_beside(article: Article, group: Sequence[Match]) -> Placed:
    nearest = _nearest(group)
    of_group = nearest.placed.syndication
    assert of_group, "only those with a place are open to others"
    earliest_at, original_id = _earliest(article, group)
    syndication = replace(
        _measured(of_group, article, nearest), role=_role(article, group), original_id=original_id
    )
    steps = 1 + min(match.placed.steps for match in group)
    return replace(_bare(article), earliest_at=earliest_at, steps=steps, syndication=syndication)


def _measured(syndication: Syndication, article: Article, nearest: Match) -> Syndication:
    likeness = nearest.likeness
    return replace(
        syndication,
        similarity=round(likeness.resemblance, 4),
        containment=round(max(likeness.of_later, likeness.of_earlier), 4),
        matched_id=nearest.placed.article_id,
        evidence=_evidence(article, nearest.placed),
    )


def _role(article: Article, group: Sequence[Match]) -> SyndicationRole:
    """The article of the very agency that the others credit is the original, whenever it comes."""
    names = names_of(article.publisher)
    credited = any(named(match.placed.credits, names) for match in group)
    if credited and not credits_to_others(article):
        return SyndicationRole.ORIGINAL
    return SyndicationRole(_nearest(group).grade)


def _evidence(article: Article, other: Placed | None) -> tuple[str, ...]:
    """What beside the words speaks for a copy, as `kind:value`."""
    credits_ = credits_to_others(article)
    both = {*shared(credits_, other.credits)} if other else set()
    if other and (by := named(credits_, other.names)):
        both.add(by)
    found = [f"shared_credit:{name}" if name in both else f"credit:{name}" for name in credits_]
    if other and (name := named(other.credits, names_of(article.publisher))):
        found.append(f"named_in_credit:{name}")
    if host := canonical_elsewhere(article):
        found.append(f"canonical:{host}")
    if other and are_kin(other.publisher_id, article.publisher.id):
        found.append("same_publisher")
    return tuple(found)


def _is_in_series(article: Article, matches: Sequence[Match]) -> bool:
    kin = [match for match in matches if _is_of_series(match, article.publisher.id)]
    if any(_is_next_in_series(article, match) for match in kin):
        return True
    if len({match.placed.article_id for match in kin}) + 1 >= SERIES_LENGTH:
        return True
    return bool(matches) and _nearest(matches).placed.is_series


def _is_of_series(match: Match, publisher_id: str) -> bool:
    """Whether one publisher has written it twice; what else its texts share is furniture."""
    alike = match.grade is Grade.COPY or match.likeness.are_forms
    return alike and are_kin(match.placed.publisher_id, publisher_id)


def _is_next_in_series(article: Article, match: Match) -> bool:
    apart = abs(_when(article) - (match.placed.published_at or match.placed.seen_at))
    return match.placed.is_series or match.likeness.are_forms or apart >= SERIES_APART


def _when(article: Article) -> datetime:
    return article.published.at if article.published else article.ingested_at


def _can_lead(match: Match, publisher_id: str) -> bool:
    """Whether the group of a text is open to this one; a publisher does not rewrite its own texts."""
    placed = match.placed
    if placed.is_series or placed.syndication is None or placed.steps >= MOST_STEPS:
        return False
    return match.grade is Grade.COPY or (placed.steps == 0 and not are_kin(placed.publisher_id, publisher_id))


def _is_of(group_id: str, match: Match) -> bool:
    return match.placed.syndication is not None and match.placed.syndication.group_id == group_id


def _age(match: Match) -> tuple[datetime, str]:
    """Order groups by when they were first seen; the older one takes what belongs to two."""
    syndication = match.placed.syndication
    assert syndication, "only those with a place are open to others"
    return syndication.first_seen or match.placed.seen_at, syndication.group_id


def _nearest(matches: Sequence[Match]) -> Match:
    return max(matches, key=lambda match: (match.likeness.resemblance, match.placed.article_id))


def _earliest(article: Article, group: Sequence[Match]) -> tuple[datetime | None, str | None]:
    """The earliest published of those known, and when; days without a time of day say too little."""
    known = [
        (match.placed.earliest_at, match.placed.syndication.original_id)
        for match in group
        if match.placed.earliest_at and match.placed.syndication and match.placed.syndication.original_id
    ]
    if at := _instant(article.published):
        known.append((at, article.article_id))
    return min(known, default=(None, None))


def _says_earliest(placed: Placed) -> bool:
    return placed.syndication is not None and placed.syndication.original_id == placed.article_id


def _instant(moment: Moment | None) -> datetime | None:
    return moment.at if moment and moment.precision is not Precision.DAY else None


def _bare(article: Article) -> Placed:
    return Placed(
        article_id=article.article_id,
        publisher_id=article.publisher.id,
        names=names_of(article.publisher),
        credits=credits_to_others(article),
        seen_at=article.ingested_at,
        published_at=article.published.at if article.published else None,
    )
