"""What the catalogue says of an API: how it is asked, and where the facts are in its answers.

A *field path* leads to a value: names with dots between them, and `[n]` for the n-th of a list from 0,
`[-1]` for the last, as in `response.results` or `authors[0].name`. There is nothing more to it.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

NAME = r"[^.\[\]\s](?:[^.\[\]]*[^.\[\]\s])?"
INDEX = r"\[-?\d{1,6}\]"

FieldPath = Annotated[
    str, Meta(pattern=rf"^(?:{NAME}|{INDEX})(?:{INDEX})*(?:\.{NAME}(?:{INDEX})*)*$", max_length=300)
]
Template = Annotated[str, Meta(max_length=2000)]
HeaderName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
Token = Annotated[str, Meta(min_length=1, max_length=100)]
Variable = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
Paging = Literal["none", "page", "offset", "cursor", "next_url", "link_header", "until"]


class ApiAuth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The key of the API. It is in the environment, and nowhere else."""

    variable: Annotated[Variable, Meta(description="Environment variable that holds the key.")]
    header: Annotated[
        HeaderName | None, Meta(description="Header that carries the key, as X-Api-Key or Authorization.")
    ] = None
    parameter: Annotated[
        Token | None, Meta(description="Query parameter that carries the key; a header is safer.")
    ] = None
    prefix: Annotated[
        Annotated[str, Meta(max_length=50)],
        Meta(description="What stands before the key in the header, with its blank, as in 'Bearer '."),
    ] = ""


class ApiPaging(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one gets from a page of items to the next."""

    by: Annotated[
        Paging,
        Meta(
            description="page and offset count, cursor and next_url take what the answer says, "
            "link_header is RFC 8288, until goes back in time by the oldest item as long as pages are full."
        ),
    ] = "none"
    first: Annotated[
        Annotated[int, Meta(ge=0, le=1)] | None,
        Meta(description="Number of the first page or offset; if unset, 1 for pages and 0 for offsets."),
    ] = None
    size: Annotated[
        Annotated[int, Meta(ge=1, le=10_000)], Meta(description="Items to a page; it is {page_size}.")
    ] = 50
    next: Annotated[
        FieldPath | None, Meta(description="Field path of the next cursor or the next address.")
    ] = None
    total: Annotated[FieldPath | None, Meta(description="Field path of the number of all items.")] = None
    pages: Annotated[FieldPath | None, Meta(description="Field path of the number of all pages.")] = None


class ApiWindow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when to when the API is asked for items: {since} and {until}."""

    time_format: Annotated[
        Annotated[str, Meta(min_length=1, max_length=50)],
        Meta(
            description="How {since} and {until} are written: iso, date, unix, unix_ms, "
            "or a pattern of strftime in UTC as %Y%m%d%H%M%S."
        ),
    ] = "iso"
    first_seconds: Annotated[
        Annotated[int, Meta(ge=60)], Meta(description="How far back the first reading goes.")
    ] = 86_400
    overlap_seconds: Annotated[
        Annotated[int, Meta(ge=0)],
        Meta(description="How far before the newest item known the next reading begins, for late items."),
    ] = 3_600
    by: Annotated[
        Literal["published", "modified"],
        Meta(description="Which time of an item the API compares with {since} and {until}."),
    ] = "published"
    longest_seconds: Annotated[
        Annotated[int, Meta(ge=60)] | None,
        Meta(description="How far back the API lets one look; if unset, without limit."),
    ] = None


class ApiErrors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the API says in an answer of 200 that there is no answer."""

    status: Annotated[
        FieldPath | None, Meta(description="Field path of the status; absent counts as well.")
    ] = None
    ok: Annotated[tuple[str, ...], Meta(description="The values of the status that mean all is well.")] = (
        "ok",
    )
    message: Annotated[
        FieldPath | None,
        Meta(description="Field path of the message for people; without a status, a message is an error."),
    ] = None


class ApiFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the facts of an item are, each a field path inside the item.

    `url`, `id`, `published` and `modified` are for finding and remembering items. The others are needed
    only where the API has names of its own: ninjs, schema.org, NewsAPI, the Guardian and plain names are
    understood as they are. With any of title, summary, body and authors, a document is written anew in plain
    names, with the item as it came beside them.
    """

    url: Annotated[FieldPath | None, Meta(description="Address of the article.")] = None
    id: Annotated[FieldPath | None, Meta(description="What the API calls the item; if unset, its url.")] = (
        None
    )
    published: Annotated[FieldPath | None, Meta(description="When it was published.")] = None
    modified: Annotated[FieldPath | None, Meta(description="When it was changed last.")] = None
    title: Annotated[FieldPath | None, Meta(description="Headline.")] = None
    summary: Annotated[FieldPath | None, Meta(description="Abstract, standfirst or teaser.")] = None
    body: Annotated[FieldPath | None, Meta(description="Text, plain or HTML.")] = None
    authors: Annotated[FieldPath | None, Meta(description="Who wrote it: a name, names, or objects.")] = None
    section: Annotated[FieldPath | None, Meta(description="Section.")] = None
    language: Annotated[FieldPath | None, Meta(description="Language.")] = None
    image: Annotated[FieldPath | None, Meta(description="Address of the main image.")] = None


class ApiLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one run takes; the next goes on from there."""

    pages: Annotated[Annotated[int, Meta(ge=1, le=10_000)], Meta(description="Most requests of a run.")] = 20
    items: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)], Meta(description="Most items of a run, in whole pages.")
    ] = 2_000


class ApiFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a JSON API is asked and read.

    Variables stand in the address and in the parameters: {since}, {until}, {page}, {page_size}, {offset},
    {cursor}. A parameter whose variable has no value, as {cursor} on the first page, is left out.
    """

    mode: Annotated[
        Literal["document", "link"],
        Meta(description="document where the API carries the text, link where the page is to be fetched."),
    ]
    many_publishers: Annotated[
        bool,
        Meta(description="true where items are of many publishers: each is named by the host of its url."),
    ] = False
    items: Annotated[
        FieldPath | None, Meta(description="Field path of the list of items; if unset, the whole answer.")
    ] = None
    parameters: Annotated[
        dict[Token, Template], Meta(description="Query parameters, with variables in {}.")
    ] = {}
    headers: Annotated[
        dict[HeaderName, Template], Meta(description="Headers that are no secret, as Accept.")
    ] = {}
    auth: Annotated[ApiAuth | None, Meta(description="The key, where the API asks for one.")] = None
    paging: Annotated[ApiPaging, Meta(description="How one gets to the next page.")] = ApiPaging()
    window: Annotated[ApiWindow, Meta(description="From when to when it is asked.")] = ApiWindow()
    errors: Annotated[ApiErrors, Meta(description="How it tells of errors in an answer of 200.")] = (
        ApiErrors()
    )
    fields: Annotated[ApiFields, Meta(description="Where the facts of an item are.")] = ApiFields()
    limits: Annotated[ApiLimits, Meta(description="How much one run takes.")] = ApiLimits()
