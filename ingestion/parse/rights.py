"""What a publisher says about access and reuse: schema.org, meta elements, headers, TDMRep."""

from ingestion.article import Access, Document, Rights
from ingestion.parse.clues import Clues

_FREE = "true 1 yes free"
_PAYWALLED = "false 0 no locked paid premium subscription paywall"
_METERED = "metered registration"
_ACCESS = {
    **dict.fromkeys(_FREE.split(), Access.FREE),
    **dict.fromkeys(_PAYWALLED.split(), Access.PAYWALLED),
    **dict.fromkeys(_METERED.split(), Access.METERED),
}
_RESERVED = {"1": True, "true": True, "0": False, "false": False}


def add_header_rights(clues: Clues, document: Document) -> None:
    """Add what the headers say: `X-Robots-Tag` and `TDM-Reservation` (W3C TDMRep)."""
    headers = {name.lower(): value for name, value in document.headers.items()}
    clues.add("meta_robots", headers.get("x-robots-tag"), "header:x-robots-tag")
    clues.add("tdm_reservation", headers.get("tdm-reservation"), "header:tdm-reservation")


def rights_of(clues: Clues, document: Document) -> Rights:
    """Return the rights; what nobody said is unknown, and unknown is never free."""
    said = (found.value.lower().rpartition("/")[2] for found in clues.of("access"))
    stated = [_ACCESS[value] for value in said if value in _ACCESS]
    reserved = _RESERVED.get((clues.value("tdm_reservation") or "").lower())
    return Rights(
        access=next(iter(stated), Access.UNKNOWN),
        robots=document.robots or None,
        meta_robots=clues.value("meta_robots"),
        tdm_reservation=reserved,
        license=clues.value("license"),
    )
