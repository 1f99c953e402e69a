"""Dead letters as a source: what failed enters the walk once more."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from ingestion.article import (
    UNKNOWN,
    Article,
    Document,
    Drop,
    Publisher,
    Rejected,
    RejectedPayload,
    SourceRef,
)
from ingestion.codec import decode
from ingestion.errors import ConfigurationError, Permanent, Transient
from ingestion.ports import Broker
from ingestion.source_ports import Disallowed, Fetcher, Link, NotModified, Visit
from ingestion.sources.documents import Origin, dead, from_answer
from ingestion.sources.files import FileReader
from ingestion.sources.limits import Limits
from ingestion.sources.links import ROBOTS_DISALLOWED
from ingestion.sources.sniff import Form, sniff
from ingestion.topics import REJECTED


def chosen(broker: Broker, beginnings: Sequence[str], *, everything: bool) -> list[Rejected]:
    """Find dead letters by the beginnings of their ids; of several with one id, the newest.

    Raises `ConfigurationError` where a beginning fits nothing, or nothing was asked for.
    """
    letters = {letter.rejected_id: letter for letter in _letters(broker)}
    if everything:
        return list(letters.values())
    missing = [b for b in beginnings if not any(rejected_id.startswith(b) for rejected_id in letters)]
    if missing or not beginnings:
        raise ConfigurationError(
            f"no dead letter's id begins with {', '.join(missing) or 'nothing'}; "
            "`news rejected` lists them, --all takes all of them"
        )
    return [letter for rejected_id, letter in letters.items() if rejected_id.startswith(tuple(beginnings))]


def _letters(broker: Broker) -> Iterator[Rejected]:
    return (decode(record.value, Rejected) for record in broker.read(REJECTED))


class DeadLetterSource:
    """A `Source` over dead letters that came from one source."""

    def __init__(self, letters: Sequence[Rejected], fetcher: Fetcher) -> None:
        self._letters = letters
        self._fetcher = fetcher

    @property
    def ref(self) -> SourceRef:
        """The source that they came from."""
        return self._letters[0].source

    @property
    def publisher(self) -> Publisher:
        """A dead letter of a document carries its publisher inside."""
        return UNKNOWN

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Offer each once more."""
        for letter in self._letters:
            for result in self._again(
                letter, Origin(source=letter.source, publisher=self.publisher, run_id=run_id)
            ):
                yield Visit(result=result)

    def settle(self) -> None:
        """The letters stay where they are, until their retention ends."""

    def _again(self, letter: Rejected, origin: Origin) -> Iterator[Document | Article | Drop | Rejected]:
        match letter.payload_kind:
            case RejectedPayload.DOCUMENT if letter.payload:
                yield replace(decode(letter.payload, Document), run_id=origin.run_id)
            case RejectedPayload.ARTICLE if letter.payload:
                article = decode(letter.payload, Article)
                yield replace(article, lineage=replace(article.lineage, run_id=origin.run_id))
            case RejectedPayload.BYTES if letter.payload and not _is_address(letter.locator):
                packed = sniff(letter.payload) is Form.GZIP
                reader = FileReader(origin, Limits())
                yield from reader.contents(letter.payload, letter.locator, letter.rejected_at, packed=packed)
            case _ if _is_address(letter.locator):
                yield self._fetched(letter.locator, origin)
            case _:
                yield dead(
                    origin,
                    Permanent("its bytes were above the size limit and are not here; collect it anew"),
                    locator=letter.locator,
                    payload=None,
                )

    def _fetched(self, url: str, origin: Origin) -> Document | Drop | Rejected:
        try:
            answer = self._fetcher.fetch(url)
            if isinstance(answer, Disallowed):
                return ROBOTS_DISALLOWED
            assert not isinstance(answer, NotModified), "nothing was asked conditionally"
            return from_answer(origin, Link(url=url), answer)
        except (Permanent, Transient) as fault:
            payload = url.encode()
            return dead(origin, fault, locator=url, payload=payload, payload_kind=RejectedPayload.LINK)


def _is_address(locator: str) -> bool:
    return locator.startswith(("http://", "https://"))
