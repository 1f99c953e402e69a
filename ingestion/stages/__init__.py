"""The stages, in the order in which an article passes them.

1. `normalise`     one form of the same text (Unicode, spaces)
2. `validate`      against the contract; a broken article raises `Invalid`
3. `fingerprint`   what the text is (content hash) and who it is (article id)
4. `deduplicate`   the same text again at this publisher is dropped
5. `version`       the same article again is dropped if unchanged, numbered if changed

A stage takes an article and returns it changed, or returns a `Drop`. The first three are pure. The
last two ask and claim memory, and come last: an article that failed must not have claimed anything.
"""

from ingestion.article import Article, Drop
from ingestion.ports import Claims
from ingestion.stages.deduplicate import deduplicate
from ingestion.stages.fingerprint import fingerprint
from ingestion.stages.normalise import normalise
from ingestion.stages.validate import validate
from ingestion.stages.version import version

PURE = (normalise, validate, fingerprint)
CLAIMING = (deduplicate, version)


def prepare(article: Article) -> Article | Drop:
    """Pass the pure stages. Raises `Invalid`."""
    for stage in PURE:
        result = stage(article)
        if isinstance(result, Drop):
            return result
        article = result
    return article


def claim(article: Article, claims: Claims) -> Article | Drop:
    """Pass the stages that remember."""
    for stage in CLAIMING:
        result = stage(article, claims)
        if isinstance(result, Drop):
            return result
        article = result
    return article
