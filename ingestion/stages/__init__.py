"""The stages, in the order in which an article passes them.

1. `normalise`     one form of the same text (Unicode, spaces)
2. `validate`      against the contract; a broken article raises `Invalid`
3. `fingerprint`   what the text is (content hash) and who it is (article id)
4. `deduplicate`   the same text again at this publisher is dropped
5. `trim`          what the publisher prints at the ends of many articles is taken off
6. `version`       the same article again is dropped if unchanged, numbered if changed, with what changed
7. `group`         copies of one text at several publishers know each other; none is dropped

A stage takes an article and returns it changed, or returns a `Drop`. The first three are pure. The
others ask and claim memory, and come last: an article that failed must not have claimed anything.
`group` takes a whole batch at once.
"""

from collections.abc import Sequence

from ingestion.article import Article, Drop, Gone, Rejected
from ingestion.ports import Claims
from ingestion.stages.deduplicate import deduplicate
from ingestion.stages.fingerprint import fingerprint
from ingestion.stages.group import group
from ingestion.stages.normalise import normalise
from ingestion.stages.trim import trim
from ingestion.stages.validate import validate
from ingestion.stages.version import version, withdraw

PURE = (normalise, validate, fingerprint)
CLAIMING = (deduplicate, trim, version)


def prepare(article: Article) -> Article | Drop:
    """Pass the pure stages. Raises `Invalid`."""
    for stage in PURE:
        result = stage(article)
        if isinstance(result, Drop):
            return result
        article = result
    return article


def claim(article: Article, claims: Claims) -> Article | Drop:
    """Pass the stages that remember, but for `group`."""
    for stage in CLAIMING:
        result = stage(article, claims)
        if isinstance(result, Drop):
            return result
        article = result
    return article


def claim_all(
    results: Sequence[Article | Gone | Drop | Rejected], claims: Claims
) -> list[Article | Drop | Rejected]:
    """Pass the articles of a batch through the stages that remember; leave what is no article as it is."""
    claims.expect([result for result in results if isinstance(result, Article)])
    claimed = [_claimed(result, claims) for result in results]
    grouped = iter(group([result for result in claimed if isinstance(result, Article)], claims))
    return [next(grouped) if isinstance(result, Article) else result for result in claimed]


def _claimed(result: Article | Gone | Drop | Rejected, claims: Claims) -> Article | Drop | Rejected:
    if isinstance(result, Gone):
        return withdraw(result, claims)
    return claim(result, claims) if isinstance(result, Article) else result
