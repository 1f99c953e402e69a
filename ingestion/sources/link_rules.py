"""The catalogue's rules on links: which of those that a listing offers are articles."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urljoin

from msgspec import Struct
from msgspec.structs import replace

from ingestion.source_ports import Fetched, Link
from ingestion.sources.catalogue import LinkRules
from ingestion.sources.documents import Origin
from ingestion.sources.listing import Reader, Reading


class LinkChoice:
    """Chooses links by regular expressions that match anywhere in the address, written either way.

    An address with letters beyond ASCII is tried as it stands and percent-decoded, so that a rule may be
    written as readers see the address.
    """

    def __init__(self, rules: LinkRules) -> None:
        self._include = [re.compile(pattern) for pattern in rules.include]
        self._exclude = [re.compile(pattern) for pattern in rules.exclude]

    def takes(self, url: str) -> bool:
        """Whether the address matches one of `include`, if there are any, and none of `exclude`."""
        forms = {url, unquote(url)}
        if any(pattern.search(form) for pattern in self._exclude for form in forms):
            return False
        return not self._include or any(pattern.search(form) for pattern in self._include for form in forms)

    def of(self, links: Iterable[Link], base: str) -> Iterator[Link]:
        """The links that are taken; relative ones are judged as they stand when joined to `base`."""
        return (link for link in links if self.takes(_absolute(base, link.url)))


class ChosenLinks(Struct, frozen=True):
    """A `Reader` that leaves out what the rules of the catalogue do not take."""

    reader: Reader
    choice: LinkChoice

    def read(self, origin: Origin, answer: Fetched) -> Reading:
        """Find what is offered and taken. Raises `Unreadable`, `TooLarge`."""
        reading = self.reader.read(origin, answer)
        return replace(reading, links=tuple(self.choice.of(reading.links, answer.url)))


def _absolute(base: str, url: str) -> str:
    try:
        return urljoin(base, url.strip())
    except ValueError:
        return url
