"""Reading XML of strangers: no entities, no external files, no huge trees."""

import re
from collections.abc import Collection, Iterator
from io import BytesIO
from typing import TypedDict

from lxml import etree

HALF_CHARACTER = re.compile(
    rb"&#(?:x0*d[89a-f][0-9a-f]{2}|0*5(?:529[6-9]|5[3-9]\d\d|[67]\d{3}));", re.IGNORECASE
)
"""References to code points that are no characters (D800 to DFFF); text with one cannot be had from lxml.

The decimal alternative takes a few more, 57344 to 57999, which are for private use and mean nothing.
"""


class _Safely(TypedDict):
    resolve_entities: bool
    no_network: bool
    load_dtd: bool
    dtd_validation: bool
    huge_tree: bool
    recover: bool
    remove_comments: bool
    remove_pis: bool


_SAFELY = _Safely(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    recover=True,
    remove_comments=True,
    remove_pis=True,
)
"""Nothing is fetched or expanded, sizes stay bounded, and what is broken is mended."""


def parse_xml(body: bytes) -> "etree._Element | None":
    """Parse, mending what can be mended; None where nothing can. Raises `etree.XMLSyntaxError`."""
    parser = etree.XMLParser(**_SAFELY)
    mended = HALF_CHARACTER.sub(b"&#xFFFD;", body.lstrip())
    # With `recover`, lxml gives None for a document without any element; its stubs do not say so.
    root: etree._Element | None = etree.fromstring(mended, parser)
    return root


def elements_of(body: bytes, names: Collection[str]) -> "Iterator[etree._Element]":
    """Yield the elements of these local names one by one, without ever holding the whole tree.

    Raises `etree.XMLSyntaxError`.
    """
    events = etree.iterparse(
        BytesIO(HALF_CHARACTER.sub(b"&#xFFFD;", body.lstrip())),
        events=("end",),
        **_SAFELY,
    )
    for _, element in events:
        if local_name(element) in names:
            yield element
            element.clear()
            while (before := element.getprevious()) is not None:
                parent = before.getparent()
                if parent is None:
                    break
                parent.remove(before)


def local_name(element: "etree._Element") -> str:
    """Name without namespace, lower case."""
    try:
        tag = element.tag
    except UnicodeDecodeError:
        return ""
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def namespace(element: "etree._Element") -> str:
    """The namespace of an element's name, empty where it has none."""
    try:
        tag = element.tag
    except UnicodeDecodeError:
        return ""
    return tag.rpartition("}")[0] if isinstance(tag, str) else ""


def whole_text(element: "etree._Element") -> str | None:
    """All text inside, stripped; None where there is none, or bytes that are none."""
    try:
        return " ".join(map(str, element.itertext())).strip() or None
    except UnicodeDecodeError:
        return None
