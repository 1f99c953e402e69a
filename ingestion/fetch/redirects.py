"""Redirects: where they lead, whether for good, and when they lead nowhere."""

from dataclasses import dataclass

import httpx

from ingestion.errors import HttpFailure
from ingestion.fetch.web_address import origin_of, web_address

REDIRECTS = frozenset({301, 302, 303, 307, 308})
FOR_GOOD = frozenset({301, 308})
NO_END = 310
"""The status that redirects without end are told with; HTTP has none."""


@dataclass(frozen=True)
class Redirect:
    """One hop; where it leads to is not looked at yet."""

    to: str
    for_good: bool


def redirect_of(response: httpx.Response) -> Redirect | None:
    """Read an answer that sends us elsewhere. Raises `HttpFailure`."""
    if response.status_code not in REDIRECTS or "location" not in response.headers:
        return None
    try:
        target = str(response.url.join(response.headers["location"]))
    except (httpx.InvalidURL, UnicodeError, ValueError, TypeError) as error:
        raise HttpFailure(f"redirected to no address: {error}", status=response.status_code) from error
    return Redirect(target, for_good=response.status_code in FOR_GOOD)


class Chain:
    """The hops from one address on."""

    def __init__(self, url: httpx.URL, max_redirects: int) -> None:
        self._hops = [url]
        self._max = max_redirects
        self._for_good = True
        self.at_home = True
        """Whether no hop so far has led to another origin than the first."""

    @property
    def url(self) -> httpx.URL:
        """Where it has led to."""
        return self._hops[-1]

    @property
    def moved_to(self) -> str | None:
        """Where the first address is for good: only where every hop says so, and none gives up TLS."""
        moved = len(self._hops) > 1 and self._for_good and not self.downgrade
        return str(self.url) if moved else None

    @property
    def downgrade(self) -> str | None:
        """The hop from https to http, in words."""
        pairs = zip(self._hops, self._hops[1:], strict=False)
        found = ((a, b) for a, b in pairs if (a.scheme, b.scheme) == ("https", "http"))
        return next((f"{origin_of(a)} → {origin_of(b)}" for a, b in found), None)

    def follow(self, hop: Redirect) -> None:
        """Go on. Raises `HttpFailure` where it has been there before or has gone too far, `Refused`."""
        to = web_address(hop.to)
        if to in self._hops:
            raise HttpFailure(f"redirected in a loop: {self._told(to)}", status=NO_END)
        if len(self._hops) > self._max:
            raise HttpFailure(f"more than {self._max} redirects: {self._told(to)}", status=NO_END)
        self.at_home = self.at_home and origin_of(to) == origin_of(self._hops[0])
        self._for_good = self._for_good and hop.for_good
        self._hops.append(to)

    def _told(self, last: httpx.URL) -> str:
        """Addresses without their queries, which may hold secrets and are long."""
        return " → ".join(str(url.copy_with(query=None))[:100] for url in (*self._hops[-3:], last))
