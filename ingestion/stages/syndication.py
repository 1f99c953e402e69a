"""Who else is named as the author of a text: the agency in its credit, the address it calls its own."""

from functools import lru_cache

from ingestion.article import UNKNOWN, Article, Publisher


def are_kin(publisher_id: str, other_id: str) -> bool:
    """Whether two texts are of one publisher, as far as is known."""
    return publisher_id == other_id != UNKNOWN.id


def names_of(publisher: Publisher) -> tuple[str, ...]:
    """Every name of a publisher, in one form: what it is called, its id, the host it is at."""
    label = (publisher.domain or "").removeprefix("www.").partition(".")[0]
    names = (_plain(name) for name in (publisher.name, publisher.id, publisher.domain, label) if name)
    return tuple(dict.fromkeys(name for name in names if name))


def credits_to_others(article: Article) -> tuple[str, ...]:
    """The agencies credited, as printed, but for the publisher itself."""
    own = names_of(article.publisher)
    return tuple(credit for credit in article.credits if _plain(credit) not in own)


def named(credits_: tuple[str, ...], names: tuple[str, ...]) -> str | None:
    """The first credit that is one of these names."""
    return next((credit for credit in credits_ if _plain(credit) in names), None)


def shared(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    """The credits that two texts have in common, however they are spelt."""
    known = {_plain(credit) for credit in theirs}
    return tuple(credit for credit in ours if _plain(credit) in known)


def canonical_elsewhere(article: Article) -> str | None:
    """The host that the page names as its own, where that is another site's."""
    from ingestion.parse.urls import registered_host

    declared = registered_host(article.declared_canonical_url or "")
    at = article.fetched_url or article.canonical_url
    if declared is None or at is None:
        return None
    return None if declared == registered_host(at) else declared


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return "".join(char for char in name.casefold() if char.isalnum())
