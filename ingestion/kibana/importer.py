"""Imports saved objects through Kibana's documented API, and waits until it is there.

https://www.elastic.co/docs/api/doc/kibana/operation/operation-get-status and …-post-saved-objects-import.
"""

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import stamina
from msgspec import Struct

from ingestion.errors import ConfigurationError, Stop, Unavailable

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_ANSWER_BYTES = 1024 * 1024
REQUEST_SECONDS = 30.0
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 5.0
READY = frozenset({"available", "degraded"})


class KibanaAccess(Struct, frozen=True, kw_only=True):
    """Where Kibana is, and who asks: an API key, or a name and a password, or nobody.

    `ca_file` holds the certificate authorities to trust in place of the system's. `repr` shows no secret.
    """

    url: str
    api_key: str | None = None
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None

    def __repr__(self) -> str:
        """Tell it without secrets."""
        return f"KibanaAccess(url={self.url!r}, username={self.username!r}, ca_file={self.ca_file!r})"


def import_objects(objects: bytes, access: KibanaAccess, *, wait_seconds: float) -> int:
    """Import NDJSON over what is there, as soon as Kibana is ready; return how many objects it took.

    Raises `Unavailable` where Kibana is not ready in time, `ConfigurationError` where it refuses the
    account, or its address or certificate is wrong, `Stop` where it refuses an object.
    """
    with _client(access) as client:
        _wait(client, access.url, wait_seconds)
        return _import(client, objects)


def _client(access: KibanaAccess) -> httpx.Client:
    parts = urlsplit(access.url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise ConfigurationError("Kibana's address is written like https://kibana.example:5601")
    secret = access.api_key or access.password
    if secret and parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigurationError(
            f"credentials are not sent to {parts.hostname} without TLS; use an https:// address of Kibana"
        )
    headers = {"kbn-xsrf": "true"}
    if access.api_key:
        headers["Authorization"] = f"ApiKey {access.api_key}"
    return httpx.Client(
        base_url=access.url,
        headers=headers,
        auth=_login(access),
        verify=_authorities(access.ca_file),
        timeout=REQUEST_SECONDS,
    )


def _login(access: KibanaAccess) -> httpx.BasicAuth | None:
    if access.api_key or not access.username:
        return None
    return httpx.BasicAuth(access.username, access.password or "")


def _authorities(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"the certificate authorities in {ca_file} cannot be read: {error}"
        ) from error


def _wait(client: httpx.Client, url: str, wait_seconds: float) -> None:
    attempts = stamina.retry_context(
        on=Unavailable,
        attempts=None,
        timeout=wait_seconds,
        wait_initial=PAUSE_SECONDS,
        wait_max=LONGEST_PAUSE_SECONDS,
        wait_jitter=PAUSE_SECONDS,
    )
    for attempt in attempts:
        with attempt:
            _look(client, url)


def _look(client: httpx.Client, url: str) -> None:
    status, answer = _ask(client, client.build_request("GET", "api/status"))
    _check_account(status, answer)
    level = _get(answer, "status", "overall", "level")
    if status != httpx.codes.OK or level not in READY:
        raise Unavailable(f"Kibana at {url} is not ready: HTTP {status}, {level or 'no status'}")


def _import(client: httpx.Client, objects: bytes) -> int:
    request = client.build_request(
        "POST",
        "api/saved_objects/_import",
        params={"overwrite": "true"},
        files={"file": ("news.ndjson", objects, "application/ndjson")},
    )
    status, answer = _ask(client, request)
    _check_account(status, answer)
    if status == httpx.codes.OK and _get(answer, "success") is True:
        return int(_get(answer, "successCount") or 0)
    refused = [_refusal(error) for error in _get(answer, "errors") or ()]
    reasons = "; ".join(refused) or _get(answer, "message") or "no reason given"
    raise Stop(f"Kibana did not import the saved objects (HTTP {status}): {reasons}")


def _refusal(error: Any) -> str:
    fault = _get(error, "error") or {}
    missing = ", ".join(f"{_get(r, 'type')} {_get(r, 'id')}" for r in _get(fault, "references") or ())
    reason = _get(fault, "message") or (f"refers to {missing}, which is not there" if missing else "")
    return f"{_get(error, 'type')} {_get(error, 'id')}: {_get(fault, 'type')} {reason}".strip()


def _check_account(status: int, answer: Any) -> None:
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise ConfigurationError(
            f"Kibana refuses the account (HTTP {status}): {_get(answer, 'message') or 'no reason given'}; "
            "it needs the Kibana privileges of saved objects management, or the role kibana_admin"
        )


def _ask(client: httpx.Client, request: httpx.Request) -> tuple[int, Any]:
    """Send a request; return the status and the answer, decoded, None where it is no JSON."""
    try:
        response = client.send(request, stream=True)
        try:
            body = _bounded(response)
        finally:
            response.close()
    except httpx.TransportError as error:
        if _is_distrust(error):
            raise ConfigurationError(
                f"the certificate of Kibana at {client.base_url} is not trusted: {error}; name the file of "
                "its authority in NEWS_ELASTICSEARCH__CA_FILE"
            ) from error
        raise Unavailable(f"Kibana at {client.base_url} does not answer: {error}") from error
    try:
        return response.status_code, msgspec.json.decode(body)
    except msgspec.DecodeError:
        return response.status_code, None


def _is_distrust(error: BaseException | None) -> bool:
    """Look for a failed verification among the causes; httpx has no fault of its own for it."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise Stop(f"the answer to {response.request.url.path} is larger than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _get(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
