"""The fields of the tantivy index, derived from the leaves of the contract, and articles as its documents.

Field names are the contract's paths with `_` for the dot. Beside each text stands one field per
language that tantivy stems, filled only where the article is in that language.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec
import tantivy

from ingestion.article import Article
from ingestion.search.embedded.times import EARLIEST, LATEST, micros
from ingestion.search.mapping import KEYED, MAX_KEYWORD_CHARACTERS, Kind, leaves
from ingestion.search.rows import values_at
from ingestion.search.stems import STEMMED, analyzer, language_of, stemmable
from ingestion.search.words import fold, tokens

ROW = "row"
"""The whole article as JSON, stored."""

TIE = "tie"
"""63 bits made of the article id: breaks ties, the same way in every copy of the index."""

NEWEST = "newest"
OLDEST = "oldest"
"""Time of publication and tie as one sortable text; unknown times are last in either order."""

NEWEST_AT = "newest_at"
OLDEST_AT = "oldest_at"
"""The same times as numbers."""

WHITESPACE = "whitespace"


def name_of(path: str) -> str:
    """The field of a leaf."""
    return path.replace(".", "_")


def key_of(path: str) -> str:
    """The field that holds the folded form of a keyword."""
    return f"{name_of(path)}_key"


def stem_of(path: str, language: str) -> str:
    """The field that holds the stems of a text."""
    return f"{name_of(path)}_stem_{language}"


@cache
def schema() -> Any:
    """Build the schema of the index."""
    builder = tantivy.SchemaBuilder()
    for leaf in leaves():
        _add_field(builder, leaf.path, leaf.kind)
    builder.add_bytes_field(ROW, stored=True)
    builder.add_integer_field(TIE, indexed=True, fast=True)
    for field in (NEWEST, OLDEST):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic", fast=True)
    for field in (NEWEST_AT, OLDEST_AT):
        builder.add_integer_field(field, indexed=True, fast=True)
    return builder.build()


def _add_field(builder: Any, path: str, kind: Kind) -> None:
    match kind:
        case Kind.TEXT:
            builder.add_text_field(name_of(path), tokenizer_name=WHITESPACE)
            for language in STEMMED:
                builder.add_text_field(stem_of(path, language), tokenizer_name=f"stem_{language}")
        case Kind.KEYWORD:
            _add_keyword(builder, path)
        case Kind.DATE | Kind.INTEGER | Kind.LONG:
            builder.add_integer_field(name_of(path), indexed=True, fast=True)
        case Kind.DOUBLE:
            builder.add_float_field(name_of(path), indexed=True, fast=True)
        case Kind.BOOLEAN:
            builder.add_boolean_field(name_of(path), indexed=True)
        case Kind.STORED:
            pass


def _add_keyword(builder: Any, path: str) -> None:
    raw: dict[str, Any] = {"tokenizer_name": "raw", "index_option": "basic"}
    builder.add_text_field(name_of(path), fast=path in KEYED, **raw)
    if path in KEYED:
        builder.add_text_field(key_of(path), **raw)


def register_tokenizers(index: Any) -> None:
    """Tell an index how its text fields are cut; our own folding has put spaces between tokens."""
    index.register_tokenizer(WHITESPACE, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
    for language in STEMMED:
        index.register_tokenizer(f"stem_{language}", analyzer(language))


def document_of(article: Article) -> Any:
    """Turn an article into a document. Raises `ValueError` where it cannot be written."""
    plain = msgspec.to_builtins(article, builtin_types=(datetime,))
    language = language_of(article.language.code if article.language else None)
    values: dict[str, Any] = _order(article)
    for leaf in leaves():
        if found := list(values_at(plain, leaf.path.split("."))):
            values.update(_values(leaf.path, leaf.kind, found, language))
    document = tantivy.Document.from_dict(values, schema())
    document.add_bytes(ROW, msgspec.json.encode(article))
    return document


def _order(article: Article) -> dict[str, Any]:
    tie = tie_of(article.article_id)
    known = None if article.published is None else micros(article.published.at)
    newest = EARLIEST if known is None else known
    oldest = LATEST if known is None else known
    return {
        TIE: tie,
        NEWEST_AT: newest,
        OLDEST_AT: oldest,
        NEWEST: f"{newest - EARLIEST:020d}{tie:020d}",
        OLDEST: f"{oldest - EARLIEST:020d}{tie:020d}",
    }


def tie_of(article_id: str) -> int:
    """Make the tie-breaker of an article."""
    return int.from_bytes(blake2b(article_id.encode(), digest_size=8).digest()) >> 1


def _values(path: str, kind: Kind, found: list[Any], language: str | None) -> Mapping[str, list[Any]]:
    match kind:
        case Kind.TEXT:
            texts = {name_of(path): [" ".join(tokens(text)) for text in found]}
            if language:
                texts[stem_of(path, language)] = [stemmable(text, language) for text in found]
            return texts
        case Kind.KEYWORD:
            kept = [value for value in found if len(value) <= MAX_KEYWORD_CHARACTERS]
            keys = {key_of(path): [fold(value) for value in kept]} if path in KEYED else {}
            return {name_of(path): kept, **keys}
        case Kind.DATE:
            return {name_of(path): [micros(value) for value in found]}
        case Kind.STORED:
            return {}
        case _:
            return {name_of(path): found}
