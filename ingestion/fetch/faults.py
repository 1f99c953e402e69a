"""What went wrong on the way to a publisher, as a fault with its cause."""

import ssl

import httpx

from ingestion.errors import Cause, NewsError, Refused, Unreachable


class TryAgain(Unreachable):
    """An attempt failed in a way that another one may not."""


def transport_fault(host: str, error: httpx.TransportError) -> NewsError:
    """Tell a certificate that fails, which stays so, from a network that fails, which may pass."""
    secure = _tls_error(error)
    if isinstance(secure, ssl.SSLCertVerificationError):
        message = f"the certificate of {host} is not valid: {secure.verify_message}"
        return Refused(message, cause=Cause.TLS)
    return TryAgain(_told(host, error), cause=_cause(error, secure))


def _told(host: str, error: httpx.TransportError) -> str:
    """The text of a protocol error quotes what the server sent, which may repeat what it was sent: a key."""
    if isinstance(error, httpx.ProtocolError):
        return f"what {host} answered is no HTTP: {type(error).__name__}"
    return f"{host} did not answer: {type(error).__name__} {error}".rstrip()


def _cause(error: httpx.TransportError, secure: ssl.SSLError | None) -> Cause:
    if isinstance(error, httpx.TimeoutException):
        return Cause.TIMEOUT
    return Cause.TLS if secure else Cause.CONNECTION


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None
