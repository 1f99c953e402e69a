"""The one constructor of documents, and the words for where they are from."""

from datetime import datetime
from hashlib import sha256
from typing import NotRequired, TypedDict, Unpack
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from ingestion.article import UNKNOWN, Document, DocumentKind, Publisher, Rejected, RejectedPayload, SourceRef
from ingestion.errors import Unreadable
from ingestion.rejected import Digest, Failure, rejected
from ingestion.source_ports import Fetched, Link
from ingestion.sources.sniff import Form, sniff

KINDS = {
    Form.HTML: DocumentKind.PAGE,
    Form.XML: DocumentKind.PAGE,
    Form.JSON: DocumentKind.JSON,
    Form.TEXT: DocumentKind.TEXT,
}


class Origin(Struct, frozen=True, kw_only=True):
    """On whose behalf something is read."""

    source: SourceRef
    publisher: Publisher
    run_id: str

    def named(self, item_id: str | None) -> "Origin":
        """The same with the name of one item."""
        return replace(self, source=replace(self.source, item_id=clean(item_id)))


class Facts(TypedDict):
    """What is known of a document beside its body."""

    locator: str
    kind: DocumentKind
    fetched_at: datetime
    discovered_url: NotRequired[str | None]
    fetched_url: NotRequired[str | None]
    http_status: NotRequired[int | None]
    headers: NotRequired[dict[str, str]]
    content_type: NotRequired[str | None]
    charset: NotRequired[str | None]
    hints: NotRequired[dict[str, str]]
    robots: NotRequired[str | None]


class Dead(TypedDict):
    """What is known of something that failed."""

    locator: str
    payload: bytes | None
    payload_kind: NotRequired[RejectedPayload]
    digest: NotRequired[Digest]
    headers: NotRequired[dict[str, str]]


def document(origin: Origin, body: bytes, **facts: Unpack[Facts]) -> Document:
    """Build a document; where its publisher is not known, the host it is from stands for it."""
    locator = wellformed(facts["locator"])
    return Document(
        document_id=_identity(origin.source.id, locator, body),
        run_id=origin.run_id,
        source=origin.source,
        publisher=_publisher(origin.publisher, facts.get("fetched_url")),
        kind=facts["kind"],
        locator=locator,
        discovered_url=clean(facts.get("discovered_url")),
        fetched_url=clean(facts.get("fetched_url")),
        http_status=facts.get("http_status"),
        headers=wellformed_map(facts.get("headers", {})),
        content_type=clean(facts.get("content_type")),
        charset=clean(facts.get("charset")),
        body=body,
        hints=wellformed_map(facts.get("hints", {})),
        robots=clean(facts.get("robots")),
        fetched_at=facts["fetched_at"],
    )


def from_answer(origin: Origin, link: Link, answer: Fetched) -> Document:
    """Build the document of a fetched page, text or JSON. Raises `Unreadable` on anything else."""
    form = sniff(answer.body)
    if form not in KINDS:
        raise Unreadable(f"{form} where an article should be ({answer.content_type or 'no media type'})")
    kind = KINDS[form]
    if form is Form.TEXT and answer.content_type in ("text/html", "application/xhtml+xml"):
        kind = DocumentKind.PAGE
    return document(
        origin.named(link.item_id),
        answer.body,
        locator=link.url,
        kind=kind,
        fetched_at=answer.fetched_at,
        discovered_url=link.url,
        fetched_url=answer.url,
        http_status=answer.status,
        headers=answer.headers,
        content_type=answer.content_type,
        charset=answer.charset,
        hints={**link.hints, **answer.hints},
        robots=answer.robots,
    )


def dead(origin: Origin, fault: Exception, **what: Unpack[Dead]) -> Rejected:
    """Build a dead letter of the stage `collect`."""
    failure: Failure = {
        "stage": "collect",
        "source": origin.source,
        "run_id": origin.run_id,
        "locator": wellformed(what["locator"]),
        "payload": what["payload"],
        "payload_kind": what.get("payload_kind", RejectedPayload.BYTES),
        "headers": wellformed_map(what.get("headers", {})),
    }
    if "digest" in what:
        failure["digest"] = what["digest"]
    return rejected(fault, **failure)


def wellformed(text: str) -> str:
    """Replace what UTF-8 cannot carry: lone surrogates, as in file names and JSON escapes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def clean(text: str | None) -> str | None:
    """Replace what UTF-8 cannot carry; nothing is None, never an empty string."""
    return wellformed(text) if text else None


def wellformed_map(texts: dict[str, str]) -> dict[str, str]:
    """Replace what UTF-8 cannot carry in names and values."""
    return {wellformed(name): wellformed(value) for name, value in texts.items()}


def _publisher(publisher: Publisher, url: str | None) -> Publisher:
    if publisher.id != UNKNOWN.id or not url:
        return publisher
    host = host_of(url)
    return Publisher(id=host) if host else publisher


def host_of(url: str) -> str | None:
    """The host name of an address, None where it has none."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return wellformed(host) if host else None


def _identity(source_id: str, locator: str, body: bytes) -> str:
    digest = sha256(wellformed(f"{source_id}\0{locator}\0").encode())
    digest.update(body)
    return digest.hexdigest()
