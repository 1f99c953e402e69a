"""What bytes are, by their beginning; what they are called is asked only where that does not tell."""

import codecs
import re
from enum import StrEnum

HEAD_BYTES = 8192


class Form(StrEnum):
    """What bytes turned out to be; the value is the word for a person."""

    EMPTY = "nothing"
    GZIP = "a gzip archive"
    WARC = "a WARC archive"
    FEED = "a feed"
    SITEMAP = "a sitemap"
    HTML = "an HTML page"
    XML = "XML of another kind"
    JSON_FEED = "a JSON feed"
    JSON = "JSON"
    TEXT = "text"
    BINARY = "binary data"


FEEDS = (Form.FEED, Form.JSON_FEED)

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MAGIC = re.compile(
    rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|%PDF-|PK[\x03\x05]|BZh[1-9]|\x28\xb5\x2f\xfd|\xfd7zXZ|7z\xbc\xaf"
    rb"|\x7fELF|RIFF|OggS|ID3|fLaC|wOF[F2]|\x00\x00\x01\x00|II\*\x00|MM\x00\*|....ftyp|SQLite format|PAR1",
    re.DOTALL,
)
CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
MAX_CONTROL_SHARE = 0.02

ELEMENT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)")
FEED_LATER = re.compile(r"<(?:rss|feed|rdf:rdf)[\s>]", re.IGNORECASE)
JSON_FEED = re.compile(r'"version"\s*:\s*"https?:(?:\\?/){2}(?:www\.)?jsonfeed\.org')
HTML_DOCTYPE = "<!doctype html"
HTML_ELEMENTS = frozenset(
    """
    html head body title meta link base script style noscript template main header footer nav aside section
    article div span p a h1 h2 h3 h4 h5 h6 ul ol li dl table tr td tbody form img figure picture iframe video
    audio svg br hr blockquote pre b i em strong center font
    """.split()  # noqa: SIM905 - fifty names in quotation marks are hard to read
)
ROOTS = {
    "rss": Form.FEED,
    "feed": Form.FEED,
    "rdf": Form.FEED,
    "channel": Form.FEED,
    "urlset": Form.SITEMAP,
    "sitemapindex": Form.SITEMAP,
}


def sniff(content: bytes) -> Form:
    """Tell the form by the first `HEAD_BYTES`."""
    head = content[:HEAD_BYTES]
    if not head.strip():
        return Form.EMPTY
    if head.startswith(b"\x1f\x8b"):
        return Form.GZIP
    if head.startswith(b"WARC/"):
        return Form.WARC
    text = _text(head)
    return Form.BINARY if text is None else _sniff_text(text)


def _text(head: bytes) -> str | None:
    for bom, encoding in BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, "replace")
    if MAGIC.match(head) or len(head) - len(head.translate(None, CONTROL)) > len(head) * MAX_CONTROL_SHARE:
        return None
    return head.decode("latin-1")


def _sniff_text(text: str) -> Form:
    start = text.lstrip()
    if start.startswith(("{", "[")):
        return Form.JSON_FEED if JSON_FEED.search(text) else Form.JSON
    if start.startswith("<"):
        return _sniff_markup(start)
    return Form.FEED if FEED_LATER.search(text) and "<html" not in text.lower() else Form.TEXT


def _sniff_markup(text: str) -> Form:
    start = _skip_prologue(text)
    element = ELEMENT.match(text, start)
    name = element.group(1).lower() if element else ""
    if name in ROOTS:
        return ROOTS[name]
    lower = text.lower()
    if name in HTML_ELEMENTS or lower.startswith(HTML_DOCTYPE, start) or "<html" in lower:
        return Form.HTML
    if FEED_LATER.search(text):
        return Form.FEED
    return Form.XML if element or start else Form.TEXT


def _skip_prologue(text: str) -> int:
    """Find where the first element starts, or the document type of an HTML page."""
    at = 0
    while at < len(text):
        at += len(text[at:]) - len(text[at:].lstrip())
        if text.startswith("<?", at):
            at = _after(text, "?>", at)
        elif text.startswith("<!--", at):
            at = _after(text, "-->", at)
        elif text[at : at + 9].lower() == "<!doctype" and text[at : at + 14].lower() != HTML_DOCTYPE:
            at = _after_doctype(text, at)
        else:
            return at
    return len(text)


def _after_doctype(text: str, at: int) -> int:
    end, subset = text.find(">", at), text.find("[", at)
    if -1 < subset < end:
        at = _after(text, "]", subset)
    return _after(text, ">", at)


def _after(text: str, mark: str, at: int) -> int:
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)
