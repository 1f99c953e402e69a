"""Which URLs may be fetched, before anything is resolved."""

import re

import httpx

from ingestion.errors import Refused

MAX_URL_CHARS = 8_000
"""What every server has to take (RFC 9110, section 4.1), and no publisher goes beyond."""

MAX_HOST_CHARS = 253
_LABEL = re.compile("[A-Za-z0-9_-]{1,63}")
_USER = re.compile(r"//[^/?#]*@")


def web_address(url: str) -> httpx.URL:
    """Read a URL that may be fetched; a dot after the name of its host is left out. Raises `Refused`."""
    if len(url) > MAX_URL_CHARS:
        raise Refused(f"an address of {len(url)} characters is not fetched: {_shown(url)}")
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii").rstrip(".")
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise Refused(f"not a web address: {_shown(url)} ({_shown(str(error))})") from None
    if parsed.scheme not in ("http", "https"):
        raise Refused(f"only http and https are fetched: {_shown(url)}")
    if parsed.userinfo:
        raise Refused("an address with a user name or a password in it is not fetched")
    if not _can_be(host) or (parsed.port is not None and not 0 < parsed.port < 65536):
        raise Refused(f"an address without a host, or with a host or a port that cannot be: {_shown(url)}")
    return parsed.copy_with(fragment=None, host=host)


def host_of(url: httpx.URL) -> str:
    """Return the name that the manners of a host go by."""
    return url.host.lower()


def origin_of(url: httpx.URL) -> str:
    """Return scheme, host and port (RFC 9110, section 4.3.1), without a port that goes without saying."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _can_be(host: str) -> bool:
    if ":" in host:
        return "%" not in host
    return len(host) <= MAX_HOST_CHARS and all(_LABEL.fullmatch(label) for label in host.split("."))


def _shown(url: str) -> str:
    """An address for a message: without a password, and no longer than a line."""
    plain = _USER.sub("//…@", url)
    return repr(plain if len(plain) <= 200 else f"{plain[:200]}…")
