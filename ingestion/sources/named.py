"""What every source says of itself: it has the identity of its entry, or of the source it reads."""

from typing import Protocol

from ingestion.article import Publisher, SourceRef


class Named(Protocol):
    """An entry of the catalogue, or a source."""

    @property
    def ref(self) -> SourceRef:
        """Its identity."""
        ...

    @property
    def publisher(self) -> Publisher:
        """What the catalogue knows of the publisher."""
        ...


class NamedSource:
    """The part of a `Source` that says whose it is."""

    def __init__(self, named: Named) -> None:
        self._named = named

    @property
    def ref(self) -> SourceRef:
        """Its identity."""
        return self._named.ref

    @property
    def publisher(self) -> Publisher:
        """Whom everything is from; where it is `unknown`, the host of each page stands for it."""
        return self._named.publisher
