"""The rules for articles, declared once; `masks` and `suites` read these lists."""

from typing import Literal, NamedTuple

Kind = Literal["not_null", "length_between", "value_between", "in_set", "matches", "free_of", "unique"]
Severity = Literal["critical", "warning"]
Bounds = tuple[float | None, float | None] | tuple[str, ...]

DAY = 86_400.0
DIGEST_CHARS = 64


class Rule(NamedTuple):
    """One rule for one column of the narrow table.

    `bounds` are lowest and highest, both allowed, for the two `between` kinds; the permitted values
    for `in_set`; one regular expression (RE2) for `matches` and `free_of`; the columns beside `column`
    that make the key for `unique`. All kinds but `not_null` let null pass. A row that breaks a critical
    rule is kept out of every sink; a warning is only told. `mostly` is the share of rows that suffices.
    """

    name: str
    column: str
    kind: Kind
    bounds: Bounds
    why: str
    severity: Severity = "critical"
    mostly: float = 1.0


def _known(column: str, why: str) -> Rule:
    return Rule(f"{column}_is_known", column, "not_null", (), why)


def _digest(column: str, what: str) -> tuple[Rule, Rule]:
    return (
        Rule(
            f"{column}_is_64_long",
            column,
            "length_between",
            (DIGEST_CHARS, DIGEST_CHARS),
            f"{what} is a SHA-256 in hexadecimal: 64 characters.",
        ),
        Rule(
            f"{column}_is_hexadecimal",
            column,
            "free_of",
            ("[^0-9a-f]",),
            f"{what} is lower-case hexadecimal, or equal ones would not compare as equal.",
        ),
    )


def _share(column: str, what: str) -> Rule:
    return Rule(f"{column}_is_a_share", column, "value_between", (0.0, 1.0), f"{what} is between 0 and 1.")


def _permission(column: str, what: str) -> Rule:
    allowed = ("allowed", "reserved", "unknown")
    return Rule(f"{column}_is_named", column, "in_set", allowed, f"{what} is one of three words, or null.")


def _lead(column: str, seconds: float, why: str, severity: Severity = "critical") -> Rule:
    return Rule(f"{column}_is_bounded", column, "value_between", (None, seconds), why, severity)


def _mostly_known(column: str, share: float, why: str) -> Rule:
    reason = f"{why} If not, a parser has stopped finding it."
    return Rule(f"{column}_is_mostly_known", column, "not_null", (), reason, "warning", share)


REQUIRED = (
    "article_id",
    "version",
    "content_hash",
    "publisher_id",
    "source_id",
    "document_id",
    "headline",
    "body_chars",
    "fetched_at",
    "ingested_at",
    "access",
    "extraction_method",
)

RULES: tuple[Rule, ...] = (
    *(_known(column, f"Nothing can be done with an article without {column}.") for column in REQUIRED),
    *_digest("article_id", "The identity"),
    *_digest("content_hash", "The content hash"),
    Rule("version_counts_from_1", "version", "value_between", (1, None), "The first version is 1."),
    Rule(
        "canonical_url_is_a_web_address",
        "canonical_url",
        "matches",
        (r"^https?://[^/?# \t\r\n]",),
        "An identity that cannot be opened in a browser is a parser's mistake.",
    ),
    Rule(
        "canonical_url_has_no_blanks",
        "canonical_url",
        "free_of",
        (r"[ \t\r\n<>\"]",),
        "Blanks, quotes and angle brackets come from markup around the address.",
    ),
    Rule(
        "publisher_id_is_not_empty",
        "publisher_id",
        "length_between",
        (1, 255),
        "Every article is counted under its publisher.",
    ),
    Rule(
        "headline_has_a_length",
        "headline",
        "length_between",
        (1, 500),
        "An empty headline was not found; one of more than 500 characters is a paragraph.",
    ),
    Rule(
        "headline_is_one_line",
        "headline",
        "free_of",
        (r"[\n\r]",),
        "A line break says that more than the headline was taken.",
    ),
    Rule(
        "headline_has_words",
        "headline",
        "matches",
        (r"[^ \t\r\n]",),
        "Blanks alone are no headline.",
    ),
    Rule(
        "headline_has_no_markup",
        "headline",
        "free_of",
        (r"(?i)</?(?:a|b|i|p|br|em|strong|span|div|h[1-6]|img|script|style|font|u)(?:\s[^>]*)?/?>",),
        "An HTML tag in a headline was not parsed but copied.",
    ),
    Rule(
        "body_has_a_length",
        "body_chars",
        "value_between",
        (1, 10_000_000),
        "An article without text is none; ten million characters are a dump.",
    ),
    Rule(
        "comment_count_is_a_count",
        "comment_count",
        "value_between",
        (0, None),
        "A negative count was misread.",
    ),
    Rule(
        "published_since_1990",
        "published_year",
        "value_between",
        (1990, None),
        "Earlier times are clocks that were never set, such as 1970-01-01.",
    ),
    _lead(
        "published_lead_seconds",
        DAY,
        "Nothing is read before it is published; a day is left for wrong time zones.",
    ),
    _lead(
        "modified_lead_seconds",
        DAY,
        "Nothing is changed after it was read; a day is left for wrong time zones.",
        "warning",
    ),
    _lead(
        "fetched_lead_seconds",
        DAY,
        "A document is in the log after it was observed; files can carry any time, so this is only told.",
        "warning",
    ),
    Rule(
        "published_precision_is_named",
        "published_precision",
        "in_set",
        ("second", "minute", "day"),
        "Readers sort by time and must know how exact it is.",
    ),
    Rule(
        "language_code_is_a_tag",
        "language_code",
        "matches",
        (r"^[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*\z",),
        "Languages are BCP 47 tags with a lower-case primary subtag (RFC 5646).",
    ),
    _share("language_confidence", "The confidence in the language"),
    Rule(
        "access_is_named",
        "access",
        "in_set",
        ("free", "metered", "paywalled", "unknown"),
        "Whether a reader has to pay is one of four words.",
    ),
    _permission("mining", "Whether text and data mining is reserved"),
    _permission("indexing", "Whether indexing is allowed"),
    _permission("archiving", "Whether archiving is allowed"),
    Rule(
        "extraction_method_is_named",
        "extraction_method",
        "in_set",
        ("html", "fragment", "text", "json"),
        "The method says which parser to look at when an article is wrong.",
    ),
    _share("extraction_confidence", "The confidence in the extraction"),
    _share("syndication_similarity", "The similarity of copies"),
    Rule(
        "change_kind_is_named",
        "change_kind",
        "in_set",
        ("update", "headline", "correction", "withdrawal"),
        "What makes a version another one is one of four words; what changes nothing makes none.",
    ),
    Rule(
        "change_previous_version_counts_from_1",
        "change_previous_version",
        "value_between",
        (1, None),
        "A version is compared with one that there is.",
    ),
)

CRITICAL: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.severity == "critical")

OF_MANY: tuple[Rule, ...] = (
    Rule(
        "versions_are_unique",
        "article_id",
        "unique",
        ("version",),
        "A version that comes twice was stored twice.",
    ),
    _mostly_known("published_at", 0.5, "Most publishers print a date."),
    _mostly_known("language_code", 0.8, "Most texts are long enough to tell their language."),
    _mostly_known("canonical_url", 0.5, "Most articles have an address; raw text may have none."),
    Rule(
        "authors_are_often_known",
        "authors_count",
        "value_between",
        (1, None),
        "Many articles name an author; if nearly none does, bylines are no longer found.",
        "warning",
        0.25,
    ),
)
"""The rules that only a batch or a day can break, and no row by itself."""
