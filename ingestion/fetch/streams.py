"""A connection on which every wait ends, and every head of an answer has a bound."""

import ssl

import httpcore

from ingestion.fetch.deadline import HEAD_PIECE_BYTES, head, left


class BoundedStream(httpcore.NetworkStream):
    """Passes on to another stream what the deadlines of the thread leave time for."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes. Raises `httpcore.ReadTimeout`, `TooLarge`."""
        reading = head()
        if reading is None:
            return self._inner.read(max_bytes, left(timeout, httpcore.ReadTimeout))
        piece = self._inner.read(min(max_bytes, HEAD_PIECE_BYTES), left(timeout, httpcore.ReadTimeout))
        reading.took(len(piece))
        return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it. Raises `httpcore.WriteTimeout`."""
        self._inner.write(buffer, left(timeout, httpcore.WriteTimeout))
        writing = head()
        if writing is not None:
            writing.asked()

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Go on over TLS. Raises `httpcore.ConnectTimeout`, `httpcore.ConnectError`."""
        in_time = left(timeout, httpcore.ConnectTimeout)
        return BoundedStream(self._inner.start_tls(ssl_context, server_hostname, in_time))

    def get_extra_info(self, info: str) -> object:
        """What is known of the connection."""
        return self._inner.get_extra_info(info)
