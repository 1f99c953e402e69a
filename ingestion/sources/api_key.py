"""The key of an API: put into the request here, and taken out of everything that comes back.

Whatever is behind this fetcher, the source, its documents, dead letters, state and messages, never
meets the key.
"""

import html.entities
import os
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from msgspec.structs import replace

from ingestion.errors import HttpFailure, NewsError, Permanent, Refused, Transient, Unreachable
from ingestion.source_ports import Disallowed, Fetched, Fetcher, NotModified, Validators
from ingestion.sources.api_facts import ApiAuth, ApiFacts

REDACTED = "REDACTED"
FEWEST_SECRET_CHARS = 8
"""What is shorter, as `test`, is a word that texts are full of: it is taken out of addresses alone."""


class NoKey(Unreachable):
    """There is no key to ask with; the publisher was not asked."""


class KeyedFetcher:
    """A `Fetcher` that asks one API, at one origin, with its key."""

    def __init__(self, fetcher: Fetcher, url: str, facts: ApiFacts) -> None:
        self._fetcher = fetcher
        self._origin = _origin(url)
        self._auth = facts.auth
        self._headers = facts.headers

    def fetch(
        self, url: str, known: Validators | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched | NotModified | Disallowed:
        """Ask. Raises what the fetcher raises, and `Refused` for an address somewhere else."""
        if _origin(url) != self._origin:
            raise Refused(f"the API names {url}, which is not at {self._origin}; it is not asked there")
        key = _Key(self._auth) if self._auth else None
        sent = {**self._headers, **(headers or {}), **(key.headers if key else {})}
        try:
            answer = self._fetcher.fetch(key.into(url) if key else url, known, sent)
        except (Permanent, Transient) as fault:
            if key is None:
                raise
            told = key.out_of_fault(fault)
        else:
            return key.out_of(answer) if key else answer
        # Out here, where the fault that holds the key is no context of this one.
        raise told


class _Key:
    """A key for the length of a request."""

    def __init__(self, auth: ApiAuth) -> None:
        self._auth = auth
        self._value = _from_environment(auth.variable)
        self._pattern = _pattern(self._value, auth.parameter)

    def __repr__(self) -> str:
        return f"_Key({self._auth.variable})"

    @property
    def headers(self) -> dict[str, str]:
        return {self._auth.header: f"{self._auth.prefix}{self._value}"} if self._auth.header else {}

    def into(self, url: str) -> str:
        """Put it into the address, in the place of one that is there."""
        name = self._auth.parameter
        if name is None:
            return url
        parts = urlsplit(url)
        pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
        return urlunsplit(parts._replace(query=urlencode([*pairs, (name, self._value)], quote_via=quote)))

    def out_of(self, answer: Fetched | NotModified | Disallowed) -> Fetched | NotModified | Disallowed:
        """Take it out of all that an answer holds."""
        if isinstance(answer, Disallowed):
            return Disallowed(self._text(answer.rule))
        moved_to = self._text(answer.moved_to) if answer.moved_to else None
        if isinstance(answer, NotModified):
            return replace(answer, moved_to=moved_to)
        return replace(
            answer,
            url=self._text(answer.url),
            moved_to=moved_to,
            headers={name: self._text(value) for name, value in answer.headers.items()},
            body=self._bytes(answer.body),
            robots=self._text(answer.robots) if answer.robots else None,
            hints={name: self._text(value) for name, value in answer.hints.items()},
        )

    def out_of_fault(self, fault: NewsError) -> NewsError:
        """Take it out of a fault, and the fault out of the chain of those that led to it."""
        fault.args = tuple(self._text(part) if isinstance(part, str) else part for part in fault.args)
        if isinstance(fault, HttpFailure):
            fault.body = self._bytes(fault.body)
        fault.__cause__ = fault.__context__ = None
        return fault.with_traceback(None)

    def _text(self, text: str) -> str:
        return self._pattern.sub(rf"\g<before>{REDACTED}", text)

    def _bytes(self, body: bytes) -> bytes:
        # Latin-1 has a character for each byte, so that what is not the key stays as it is.
        return self._text(body.decode("latin-1")).encode("latin-1")


def _pattern(key: str, parameter: str | None) -> re.Pattern[str]:
    """What the key looks like in addresses, JSON and HTML, once or several times over.

    A short one counts only behind its parameter.
    """
    before = f"{re.escape(parameter or '')}=" if len(key) < FEWEST_SECRET_CHARS else ""
    return re.compile(f"(?P<before>{before}){''.join(map(_spellings, key))}")


def _spellings(character: str) -> str:
    plain = re.escape(character)
    if character.isalnum():
        return plain
    code = f"{ord(character):02x}"
    escaped = [rf"%(?:25)*{code}", rf"\\+u00{code}", rf"&(?:amp;)*#(?:x0*{code}|0*{ord(character)});"]
    named = [rf"&(?:amp;)*{name}" for name, meant in html.entities.html5.items() if meant == character]
    return f"(?:\\\\*{plain}|(?i:{'|'.join((*escaped, *named))}))"


def _from_environment(variable: str) -> str:
    key = os.environ.get(variable, "").strip()
    if not key:
        told = f"the environment variable {variable} is not set; set it to the key of the API"
        raise NoKey(told)
    if not (key.isascii() and key.isprintable()):
        told = f"the environment variable {variable} holds characters that no key has; set it anew"
        raise NoKey(told)
    return key


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"
