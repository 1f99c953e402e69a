"""The faults. The type says what happens next; decisions are values (`article.Drop`), not faults.

NewsError
├── Permanent            the document goes to the dead-letter topic, the batch goes on
│   ├── Unreadable       bytes that are not what they claim to be
│   ├── TooLarge         beyond a stated limit
│   ├── Refused          an address, a scheme or a certificate that is not allowed
│   ├── HttpFailure      an answer that a repeated request would not better
│   └── Invalid          an article that breaks its contract
├── Transient            tried again, with backoff; after the last attempt, see `pipeline`
│   ├── Unreachable      a publisher that does not answer
│   ├── Rebalanced       the partitions went to another worker; the batch is theirs now
│   └── Unavailable      a broker, an index, a lake or a database that does not answer
└── Stop                 the job ends with this message
    ├── ConfigurationError   says which setting, and what to do
    ├── Fenced               another worker has taken over for good
    ├── Unbalanced           the ledger does not add up
    ├── AuditFailed          the lake breaks its expectations
    ├── TooManyRejections    something is wrong with all of them, not with one
    └── SourcesInTrouble     publishers whose news has been missing for too long
"""

from enum import StrEnum


class Cause(StrEnum):
    """Why a publisher could not be read, as it is remembered and shown."""

    DNS = "dns"
    CONNECTION = "connection"
    TIMEOUT = "timeout"
    TLS = "tls"
    ADDRESS = "address"
    ROBOTS = "robots"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    GONE = "gone"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"


class NewsError(Exception):
    """Every fault of this project."""


class Permanent(NewsError):
    """Trying again would not help: dead letter."""


class Unreadable(Permanent):
    """The bytes are not what they claim to be."""


class TooLarge(Permanent):
    """Beyond a stated limit of size, ratio or count."""


class Refused(Permanent):
    """An address, a scheme or a certificate that is not allowed."""

    def __init__(self, message: str, *, cause: Cause = Cause.ADDRESS) -> None:
        super().__init__(message)
        self.cause = cause


class HttpFailure(Permanent):
    """The publisher answered, and a repeated request would get the same answer."""

    def __init__(self, message: str, *, status: int, body: bytes = b"") -> None:
        super().__init__(message)
        self.status = status
        self.body = body


class Invalid(Permanent):
    """An article that breaks its contract."""


class Transient(NewsError):
    """Trying again may help."""


class Unreachable(Transient):
    """A publisher did not answer, or asked to be left alone for a while."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        cause: Cause = Cause.CONNECTION,
    ) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.cause = cause


class Rebalanced(Transient):
    """The partitions of this batch went to another worker, who will do it."""


class Unavailable(Transient):
    """A broker, an index, a lake or a database did not answer."""


class Stop(NewsError):
    """The job ends; the message tells a person what to do."""


class ConfigurationError(Stop):
    """A setting is missing or wrong."""


class Fenced(Stop):
    """A newer worker has the same transactional id, or has moved the lake or the ledger on."""


class Unbalanced(Stop):
    """The ledger does not add up."""


class AuditFailed(Stop):
    """The lake breaks its expectations."""


class TooManyRejections(Stop):
    """The share of rejections is above its limit."""


class SourcesInTrouble(Stop):
    """Sources have been broken, blocked, gone or frozen for longer than is allowed."""


_STATUS_CAUSES = {
    401: Cause.BLOCKED,
    403: Cause.BLOCKED,
    410: Cause.GONE,
    429: Cause.RATE_LIMITED,
    451: Cause.BLOCKED,
}


def cause_of(fault: NewsError) -> Cause:
    """Say which kind of failure a fault of fetching or reading was."""
    if isinstance(fault, HttpFailure):
        return _STATUS_CAUSES.get(fault.status) or _cause_of_class(fault.status)
    if isinstance(fault, TooLarge):
        return Cause.TOO_LARGE
    if isinstance(fault, Refused | Unreachable):
        return fault.cause
    return Cause.UNREADABLE


def _cause_of_class(status: int) -> Cause:
    """A success that is a failure is one whose body cannot be read."""
    if status < 300:
        return Cause.UNREADABLE
    return Cause.SERVER_ERROR if status >= 500 else Cause.CLIENT_ERROR
