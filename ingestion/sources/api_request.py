"""The address of a request to an API: the template of the catalogue with its variables filled in."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from ingestion.sources.api_facts import ApiFacts, ApiPaging

VARIABLE = re.compile(r"\{([A-Za-z_]+)\}")
VARIABLES = ("since", "until", "page", "page_size", "offset", "cursor")
NAMED_FORMATS = ("iso", "date", "unix", "unix_ms")
A_TIME = datetime(2026, 11, 2, 10, 15, 30, tzinfo=UTC)

Values = Mapping[str, str | None]


def request_url(url: str, facts: ApiFacts, values: Values) -> str:
    """Fill in the variables; a parameter whose variable has no value is left out."""
    parts = urlsplit(url)
    pairs = (*parse_qsl(parts.query, keep_blank_values=True), *facts.parameters.items())
    filled = [(name, _filled(value, values)) for name, value in pairs if _has_all(value, values)]
    path = VARIABLE.sub(lambda found: quote(values.get(found[1]) or "", safe=""), parts.path)
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(filled, quote_via=quote), ""))


def names_variable(url: str, facts: ApiFacts, name: str) -> bool:
    """Tell whether a variable stands anywhere in the request."""
    return any(name in VARIABLE.findall(text) for text in (url, *facts.parameters.values()))


def written(at: datetime, time_format: str) -> str:
    """Write a time as the API wants it, in UTC."""
    at = at.astimezone(UTC)
    if time_format == "iso":
        return at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if time_format == "date":
        return at.strftime("%Y-%m-%d")
    if time_format in ("unix", "unix_ms"):
        return str(int(at.timestamp()) * (1000 if time_format == "unix_ms" else 1))
    return at.strftime(time_format)


def problem_of(url: str, facts: ApiFacts) -> str | None:
    """Say what about the facts cannot work, and what to do; None where nothing is."""
    return next(_problems(url, facts), None)


def _problems(url: str, facts: ApiFacts) -> Iterator[str]:
    yield from _variable_problems(url, facts)
    yield from _paging_problems(url, facts)
    if facts.mode == "link" and not facts.fields.url:
        yield "api.mode is link, but where is the address of an article? add api.fields.url"
    if facts.auth and bool(facts.auth.header) == bool(facts.auth.parameter):
        yield "api.auth needs either a header or a parameter that carries the key; write one of them"
    if not _is_format(facts.window.time_format):
        named = ", ".join(NAMED_FORMATS)
        yield f"api.window.time_format is none of {named}, and no pattern of strftime with a %; mend it"


def _variable_problems(url: str, facts: ApiFacts) -> Iterator[str]:
    parts = urlsplit(url)
    if "{" in parts.netloc:
        yield "a variable in the host name is not filled in; write the host as it is"
    for text in (parts.path, parts.query, *facts.parameters.values()):
        for name in VARIABLE.findall(text):
            if name not in VARIABLES:
                yield f"there is no variable {{{name}}}; there are {', '.join(VARIABLES)}"


def _paging_problems(url: str, facts: ApiFacts) -> Iterator[str]:
    by = facts.paging.by
    if by in ("page", "offset", "cursor", "until") and not names_variable(url, facts, by):
        yield f"api.paging is by {by}, but {{{by}}} stands nowhere in the request; add it to the parameters"
    if by in ("cursor", "next_url") and not facts.paging.next:
        yield f"api.paging is by {by}; add api.paging.next, the field path of it"
    if by == "until" and not time_path(facts):
        yield f"api.paging is by until; add api.fields.{facts.window.by}, by which it goes back"


def time_path(facts: ApiFacts) -> str | None:
    """The field path of the time that the API compares with {since} and {until}."""
    return facts.fields.modified if facts.window.by == "modified" else facts.fields.published


def _is_format(time_format: str) -> bool:
    if time_format in NAMED_FORMATS:
        return True
    try:
        return "%" in time_format and bool(A_TIME.strftime(time_format))
    except ValueError:
        return False


def _has_all(template: str, values: Values) -> bool:
    return all(values.get(name) is not None for name in VARIABLE.findall(template) if name in VARIABLES)


def _filled(template: str, values: Values) -> str:
    return VARIABLE.sub(lambda found: values.get(found[1]) or found[0], template)


def first_place(paging: ApiPaging) -> str:
    """The first page number or offset; elsewhere the first page has no name."""
    if paging.by in ("page", "offset"):
        return str(paging.first if paging.first is not None else int(paging.by == "page"))
    return ""
