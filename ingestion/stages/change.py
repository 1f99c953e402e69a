"""What became of an article between two times that it was seen."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from ingestion.article import Article, Change, ChangeKind, PubStatus
from ingestion.stages.essence import essence, words_of
from ingestion.stages.notices import notices

OTHER_FIELDS: Mapping[str, Callable[[Article], object]] = {
    "abstract": lambda article: article.abstract,
    "authors": lambda article: article.authors,
    "dateline": lambda article: article.dateline,
    "published": lambda article: article.published and article.published.at,
    "section": lambda article: article.section,
    "genre": lambda article: article.genre,
    "language": lambda article: article.language and article.language.code,
    "images": lambda article: [(image.url, image.caption) for image in article.images],
    "access": lambda article: article.rights.access,
}
"""Fields that are named where they changed too; a change of them alone makes no version."""


def classify(before: Article, after: Article) -> Change:
    """Say what changed; both are normalised. Words and paragraphs are counted whatever their order.

    A paragraph that was edited counts as one removed and one added.
    """
    words = _difference(words_of(before.body), words_of(after.body))
    paragraphs = _difference(_paragraphs(before), _paragraphs(after))
    new_notices = _new_notices(before, after)
    return Change(
        kind=_kind(before, after, has_notice=bool(new_notices)),
        previous_version=before.version or None,
        fields=tuple(_fields(before, after)),
        words_added=words[0],
        words_removed=words[1],
        paragraphs_added=paragraphs[0],
        paragraphs_removed=paragraphs[1],
        notices=new_notices,
    )


def same_text(before: Article, after: Article) -> bool:
    """Whether headline and body are the same but for how they are set."""
    return not _has_new_headline(before, after) and essence(before.body) == essence(after.body)


def _kind(before: Article, after: Article, *, has_notice: bool) -> ChangeKind:
    if after.pub_status is not PubStatus.USABLE:
        stays = before.pub_status is after.pub_status and same_text(before, after)
        return ChangeKind.UNCHANGED if stays else ChangeKind.WITHDRAWAL
    if before.pub_status is PubStatus.USABLE and same_text(before, after):
        is_equal = (before.headline, before.body) == (after.headline, after.body)
        return ChangeKind.UNCHANGED if is_equal else ChangeKind.COSMETIC
    if has_notice:
        return ChangeKind.CORRECTION
    has_new_body = essence(before.body) != essence(after.body)
    return ChangeKind.HEADLINE if _has_new_headline(before, after) and not has_new_body else ChangeKind.UPDATE


def _has_new_headline(before: Article, after: Article) -> bool:
    return essence(before.headline) != essence(after.headline)


def _fields(before: Article, after: Article) -> Iterable[str]:
    if _has_new_headline(before, after):
        yield "headline"
    if essence(before.body) != essence(after.body):
        yield "body"
    if before.pub_status is not after.pub_status:
        yield "pub_status"
    yield from (name for name, value in OTHER_FIELDS.items() if value(before) != value(after))


def _new_notices(before: Article, after: Article) -> tuple[str, ...]:
    known = {essence(notice) for notice in notices(before)}
    return tuple(notice for notice in notices(after) if essence(notice) not in known)


def _paragraphs(article: Article) -> list[str]:
    return [essence(paragraph.text) for paragraph in article.paragraphs]


def _difference(before: Iterable[str], after: Iterable[str]) -> tuple[int, int]:
    old, new = Counter(before), Counter(after)
    return (new - old).total(), (old - new).total()
