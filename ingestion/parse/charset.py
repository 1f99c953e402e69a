"""Bytes to text: byte order mark, then the transport, then the page's own declaration, then a detector."""

import codecs
import re

from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import Document
from ingestion.errors import Unreadable

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""(?:<meta[^>]{0,200}?charset|<\?xml[^>]{0,100}?encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_BINARY = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"\x7fELF",
    b"RIFF",
    b"OggS",
    b"ID3",
)
# What browsers read where a page says the first (WHATWG Encoding Standard, section 4.2).
_WHATWG = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "tis-620": "cp874",
    "iso8859-11": "cp874",
}
_CONTROLS = bytes(code for code in range(0x20) if code not in (*range(0x09, 0x0E), 0x1B))
_DECLARED_WITHIN = 4096
_DETECTED_WITHIN = 100_000
_MOST_UNREADABLE = 0.05


class Decoded(Struct, frozen=True, kw_only=True):
    """The text, the character set that gave it, and whether bytes had to be replaced."""

    text: str
    charset: str
    replaced: bool = False


def decode(document: Document) -> Decoded:
    """Decode a document's body. Raises `Unreadable` for binary data."""
    body = document.body
    if body.startswith(_BINARY):
        raise Unreadable("binary data where text was expected")
    decoded = _by_mark(body) or _by_declaration(document) or _by_detection(body)
    if _unreadable_share(decoded) > _MOST_UNREADABLE:
        raise Unreadable("binary data where text was expected")
    # A replacement character that came with the bytes was lost before us, but it is lost.
    return replace(decoded, replaced=decoded.replaced or "\ufffd" in decoded.text)


def _by_mark(body: bytes) -> Decoded | None:
    for mark, charset in _BOMS:
        if body.startswith(mark):
            return _decoded(body[len(mark) :], charset)
    return None


def _by_declaration(document: Document) -> Decoded | None:
    match = _DECLARED.search(document.body[:_DECLARED_WITHIN])
    inside = match.group(1).decode("ascii", "replace") if match else None
    names = [known for name in (document.charset, "utf-8", inside) if (known := _known(name))]
    for name in names:
        try:
            return Decoded(text=document.body.decode(name), charset=name)
        except UnicodeError:
            continue
    almost = [name for name in names if document.charset or inside]
    return _decoded_if_nearly(document.body, almost)


def _decoded_if_nearly(body: bytes, names: list[str]) -> Decoded | None:
    """Accept a declared charset that a few broken bytes, or a cut end, contradict."""
    for name in names:
        decoded = _decoded(body, name)
        if decoded.text.count("\ufffd") <= max(1, len(decoded.text) // 500):
            return decoded
    return None


def _by_detection(body: bytes) -> Decoded:
    from charset_normalizer import from_bytes

    best = from_bytes(body[:_DETECTED_WITHIN]).best()
    return _decoded(body, best.encoding if best else "utf-8")


def _decoded(body: bytes, charset: str) -> Decoded:
    try:
        return Decoded(text=body.decode(charset), charset=charset)
    except UnicodeError:
        return Decoded(text=body.decode(charset, "replace"), charset=charset, replaced=True)


def _known(name: str | None) -> str | None:
    try:
        codec = codecs.lookup((name or "").strip())
    except (LookupError, ValueError):
        return None
    # Python marks codecs that are no character sets (zlib, rot13, …) with this attribute.
    if not getattr(codec, "_is_text_encoding", True) or codec.name in ("idna", "punycode", "undefined"):
        return None
    return _WHATWG.get(codec.name, codec.name)


def _unreadable_share(decoded: Decoded) -> float:
    sample = decoded.text[:_DETECTED_WITHIN]
    encoded = sample.encode(errors="surrogatepass")
    controls = len(encoded) - len(encoded.translate(None, _CONTROLS))
    return (controls + (sample.count("\ufffd") if decoded.replaced else 0)) / max(1, len(sample))
