"""The identity of a page: its address without fragment and tracking parameters, path case kept."""

import re
from urllib.parse import urljoin, urlsplit

from w3lib.url import canonicalize_url, url_query_cleaner

TRACKERS = re.compile(
    r"""^(?:
        (?:utm|mtm|pk|itm|hsa|mc|oly|vero|ml|wt)_[a-z_]+ | __?hs[a-z]+ | ga_[a-z]+ |
        (?:fb|g|dc|yc|twc|tt|ms|ya|ys|wic|epi)c?lid | (?:gbra|wbra|msclk|igsh|srslt)id | igsh(?:id)? |
        ns_(?:mchannel|source|campaign|linkname|fee) | at_(?:medium|campaign|link_[a-z]+|format|bbc_team) |
        xtor | cmpid | smid | ocid | ncid | ref_?(?:src|url)? | referrer | partner | campaign_id | mkt_tok |
        _ga | _gl | _openstat | ved | sr_share | guccounter | guce_referrer(?:_sig)? | s_cid | icid
    )$""",
    re.VERBOSE | re.IGNORECASE,
)
DAY_IN_PATH = re.compile(
    r"/((?:19|20)\d{2})[/-]?(0[1-9]|1[0-2]|(?<=/)[1-9])[/-]?(0[1-9]|[12]\d|3[01]|(?<=/)[1-9])(?=[/_-])"
)
"""A day as addresses have it: /2026/11/20/, /2026-11/20/, /20261120/."""

YEAR_AT_END = re.compile(
    r"/(?:[^/?#]*?[~_-])?(0[1-9]|[12]\d|3[01])-(0[1-9]|[12]\d|3[01])-((?:19|20)\d{2})(?=[/_.-]|$)"
)
"""The other order: /29-10-2021, /20-11-2026-a-quay-closes."""

_HOST = re.compile(r"^[^\s/?#@\\]+$")
_NUMBERS = re.compile(r"^[\d.:a-f]*[\d:]$")
_LAST_RESORT_ROUNDS = 4


def clean_url(url: str) -> str | None:
    """Return the address as an identity, None where it is no HTTP address. Idempotent."""
    cleaned: str | None = url.strip()
    for _ in range(_LAST_RESORT_ROUNDS):
        before, cleaned = cleaned, _cleaned_once(cleaned or "")
        if cleaned is None or cleaned == before:
            return cleaned
    return None


def _cleaned_once(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        if parts.scheme.lower() not in ("http", "https") or not _HOST.match(parts.hostname or ""):
            return None
        kept = canonicalize_url(_without_trackers(url), keep_blank_values=True)
        return _without_default_port(kept)
    except (ValueError, UnicodeError):
        return None


def _without_trackers(url: str) -> str:
    names = {pair.partition("=")[0] for pair in urlsplit(url).query.split("&")}
    tracking = [name for name in names if TRACKERS.match(name)]
    if not tracking:
        return url
    cleaned: str = url_query_cleaner(url, tracking, remove=True, unique=False)
    return cleaned


def _without_default_port(url: str) -> str:
    parts = urlsplit(url)
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return parts._replace(netloc=parts.netloc.removesuffix(default)).geturl()


def registered_host(url: str) -> str | None:
    """Return the registrable domain (`example.co.uk` of `www.example.co.uk`).

    Under a top-level domain that is on no list it is taken to be the last two labels; an address in numbers
    is its own.
    """
    from courlan import extract_domain

    try:
        host = (urlsplit(url).hostname or "").lower()
        domain = extract_domain(url) if "." in host else None
    except ValueError:
        return None
    if domain or not host or _NUMBERS.match(host):
        return domain or host or None
    return ".".join(host.split(".")[-2:])


def identity(declared: str | None, fetched: str | None) -> str | None:
    """Choose the identity: the declared canonical address on the fetched page's own host, else the fetched.

    A declared address that is a bare home page, where another page was fetched, is a publisher's mistake.
    """
    own = clean_url(fetched) if fetched else None
    other = clean_url(declared) if declared else None
    if own is None or other is None:
        return own or other
    same_host = registered_host(own) == registered_host(other)
    return other if same_host and not (_is_home(other) and not _is_home(own)) else own


def _is_home(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("", "/") and not parts.query


def absolute(url: str, base: str | None) -> str | None:
    """Return an address as a page printed it, joined to the page's own; None where it is no HTTP address."""
    try:
        joined = urljoin(base, url.strip()) if base else url.strip()
        return joined if urlsplit(joined).scheme in ("http", "https") else None
    except ValueError:
        return None
