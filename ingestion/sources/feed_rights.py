"""What a feed says about rights, of itself and of an entry: copyright, rights, licences."""

from lxml import etree
from msgspec import Struct

from ingestion.sources.documents import wellformed
from ingestion.sources.xml import local_name, whole_text

NOTICES = frozenset({"rights", "copyright"})
RESOURCE = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource"


class FeedRights(Struct, frozen=True, kw_only=True):
    """A notice in words (RSS `copyright`, Atom `rights`, `dc:rights`), and the address of a licence.

    Licences are `creativeCommons:license`, `cc:license` and Atom's `<link rel="license">` (RFC 4946).
    """

    notice: str | None = None
    license: str | None = None

    @property
    def hints(self) -> dict[str, str]:
        """The same by place."""
        told = {"feed.rights": self.notice, "feed.license": self.license}
        return {place: text for place, text in told.items() if text}


def read_rights(element: "etree._Element") -> FeedRights:
    """Read what stands directly in a feed or an entry."""
    notice = license_ = None
    for child in element.iterchildren(etree.Element):
        if local_name(child) in NOTICES:
            notice = notice or whole_text(child)
        else:
            license_ = license_ or _license(child)
    return FeedRights(
        notice=wellformed(notice) if notice else None, license=wellformed(license_) if license_ else None
    )


def _license(child: "etree._Element") -> str | None:
    name = local_name(child)
    if name == "license":
        return child.get(RESOURCE) or whole_text(child)
    if name == "link" and "license" in (child.get("rel") or "").lower().split():
        return child.get("href")
    return None
