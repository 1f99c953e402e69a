"""Notices by which publishers say that they have corrected an article."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from ingestion.article import Article
from ingestion.stages.essence import essence

LONGEST = 1_200
"""Longer paragraphs are text that tells of a correction."""

OPENING = 160
"""A sentence that says so stands so near to the beginning, in characters."""


def notices(article: Article) -> tuple[str, ...]:
    """Find them in the headline, in the body and in what was taken out of the page, each once."""
    found = {essence(text): text for text in _texts(article) if is_notice(text)}
    return tuple(found.values())


def is_notice(text: str) -> bool:
    """Whether a paragraph says that the article was corrected."""
    labels, sentences = _patterns()
    if len(text) > LONGEST:
        return False
    return bool(labels.match(text) or sentences.search(text[:OPENING]))


def _texts(article: Article) -> Iterator[str]:
    yield article.headline
    yield from (paragraph.text for paragraph in article.paragraphs)
    yield from (piece.text for piece in article.extraction.removed)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    rules = tomllib.loads(files(__package__).joinpath("notices.toml").read_text(encoding="utf-8"))
    labels = "|".join(label for words in rules["labels"].values() for label in words)
    sentences = "|".join(sentence for some in rules["sentences"].values() for sentence in some)
    opened = r"^[\W_]{0,4}"
    label = rf"{opened}(?:{labels})(?:[ \w.,/()（）年月日-]{{0,24}}?)\s?(?:[:：\-–—】\]]|$)"
    return re.compile(label, re.IGNORECASE), re.compile(sentences, re.IGNORECASE)
