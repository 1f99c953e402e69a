"""What publishers say about access and reuse: each place, who goes before whom, and what follows."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.article import Access, Article, DocumentKind, Permission, Publisher, Rights, RightsStatement
from ingestion.codec import decode, encode
from ingestion.parse import parse
from tests.builders import document
from tests.unit.parse.conftest import Read

ALLOWED, RESERVED, UNKNOWN = Permission.ALLOWED, Permission.RESERVED, Permission.UNKNOWN
PROSE = (
    "<p>The night boat will sail again from Monday, the harbour office said, after a winter of repairs, and "
    "it carries bread on the way back, as it has done for as long as anybody on the islands remembers.</p>"
)
FILE = "https://paper.example/.well-known/tdmrep.json"


def page(*head: str, stated: Mapping[str, object] | None = None) -> str:
    article = {"@type": "NewsArticle", "headline": "Night boat returns", **(stated or {})}
    linked = f'<script type="application/ld+json">{json.dumps(article)}</script>'
    top = f"<title>Night boat returns</title>{linked}{''.join(head)}"
    return f"<html><head>{top}</head><body>{PROSE}</body></html>"


def meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{content}">'


def decided(rights: Rights) -> tuple[Permission | None, ...]:
    return rights.text_and_data_mining, rights.indexing, rights.archiving


GOLDEN = page(
    meta("robots", "index, follow, max-image-preview:large, noarchive"),
    meta("googlebot", "noindex, nosnippet"),
    meta("news-ingestion", "noimageai"),
    meta("tdm-reservation", "1"),
    meta("tdm-policy", "https://paper.example/policies/tdm.json"),
    meta("copyright", "© 2026 The Ferry Post"),
    '<link rel="license" href="https://licence.example/by-nc/4.0/">',
    stated={
        "license": {
            "@type": "CreativeWork",
            "name": "By, not for sale",
            "url": "https://paper.example/licence",
        },
        "usageInfo": "https://paper.example/terms",
        "copyrightHolder": {"@type": "Organization", "name": "The Ferry Post"},
        "copyrightYear": 2026,
        "isAccessibleForFree": False,
        "hasPart": [{"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paywall"}],
    },
)


def test_all_that_a_page_says_is_kept_with_its_place(read: Read) -> None:
    article = read(
        GOLDEN,
        headers={"X-Robots-Tag": "otherbot: noindex\nunavailable_after: 25 Jun 2027 15:00:00 GMT"},
        robots="allowed by https://paper.example/robots.txt: Allow: /",
        hints={"tdmrep.reservation": "0", "tdmrep.note": f"{FILE}, /"},
    )

    assert article.rights == Rights(
        access=Access.PAYWALLED,
        robots="allowed by https://paper.example/robots.txt: Allow: /",
        meta_robots="index, follow, max-image-preview:large, noarchive, noimageai",
        tdm_reservation=True,
        license="https://paper.example/licence",
        text_and_data_mining=RESERVED,
        indexing=ALLOWED,
        archiving=RESERVED,
        robots_directives=(
            "index",
            "follow",
            "max-image-preview:large",
            "noarchive",
            "noimageai",
            "unavailable_after: 25 jun 2027 15:00:00 gmt",
        ),
        unavailable_after=datetime(2027, 6, 25, 15, tzinfo=UTC),
        tdm_policy="https://paper.example/policies/tdm.json",
        usage_info="https://paper.example/terms",
        copyright_holder="The Ferry Post",
        copyright_year=2026,
        copyright_notice="© 2026 The Ferry Post",
        paid_parts=".paywall",
        statements=article.rights.statements,
    )
    assert [(said.about, said.value, said.source) for said in article.rights.statements or ()] == [
        ("robots", "allowed by https://paper.example/robots.txt: Allow: /", "robots.txt"),
        ("access", "false", "json-ld:isAccessibleForFree"),
        ("paid_part", ".paywall", "json-ld:hasPart"),
        (
            "x_robots_tag",
            "otherbot: noindex unavailable_after: 25 Jun 2027 15:00:00 GMT",
            "header:x-robots-tag",
        ),
        ("meta_robots", "index, follow, max-image-preview:large, noarchive", "meta:robots"),
        ("meta_robots", "noimageai", "meta:news-ingestion"),
        ("other_robots", "noindex, nosnippet", "meta:googlebot"),
        ("tdm_reservation", "1", "meta:tdm-reservation"),
        ("tdm_reservation", "0", "tdmrep:reservation"),
        ("tdm_policy", "https://paper.example/policies/tdm.json", "meta:tdm-policy"),
        ("license", "https://paper.example/licence", "json-ld:license"),
        ("license", "https://licence.example/by-nc/4.0/", "link:license"),
        ("usage_info", "https://paper.example/terms", "json-ld:usageInfo"),
        ("copyright_holder", "The Ferry Post", "json-ld:copyrightHolder"),
        ("copyright_year", "2026", "json-ld:copyrightYear"),
        ("copyright_notice", "© 2026 The Ferry Post", "meta:copyright"),
        ("tdm_file", f"{FILE}, /", "tdmrep:file"),
    ]
    assert {name: place for name, place in article.provenance.items() if name.startswith("rights.")} == {
        "rights.access": "json-ld:isAccessibleForFree",
        "rights.paid_parts": "json-ld:hasPart",
        "rights.meta_robots": "meta:robots",
        "rights.robots_directives": "meta:robots",
        "rights.indexing": "meta:robots",
        "rights.archiving": "meta:robots",
        "rights.unavailable_after": "header:x-robots-tag",
        "rights.tdm_reservation": "meta:tdm-reservation",
        "rights.text_and_data_mining": "meta:tdm-reservation",
        "rights.tdm_policy": "meta:tdm-policy",
        "rights.license": "json-ld:license",
        "rights.usage_info": "json-ld:usageInfo",
        "rights.copyright_holder": "json-ld:copyrightHolder",
        "rights.copyright_year": "json-ld:copyrightYear",
        "rights.copyright_notice": "meta:copyright",
    }
    assert decode(encode(article), Article) == article


def test_a_page_that_says_nothing_is_no_more_than_that(read: Read) -> None:
    article = read(page())

    assert article.rights == Rights(
        text_and_data_mining=UNKNOWN,
        indexing=ALLOWED,
        archiving=ALLOWED,
        robots_directives=(),
        statements=(),
    )
    assert not [name for name in article.provenance if name.startswith("rights.")]
    assert decode(encode(article), Article) == article


@pytest.mark.parametrize(
    ("in_page", "in_header", "in_file", "reserved", "place"),
    [
        (None, None, None, None, None),
        (None, None, "1", True, "tdmrep:reservation"),
        (None, None, "0", False, "tdmrep:reservation"),
        (None, "0", "1", False, "header:tdm-reservation"),
        (None, "1", "0", True, "header:tdm-reservation"),
        ("0", "1", "1", False, "meta:tdm-reservation"),
        ("1", "0", "0", True, "meta:tdm-reservation"),
        ("1", None, None, True, "meta:tdm-reservation"),
        ("2", "1", None, True, "header:tdm-reservation"),
        ("yes", "maybe", "1", True, "tdmrep:reservation"),
        ("true", None, None, None, None),
    ],
)
def test_of_page_header_and_file_the_page_goes_first_and_the_file_last(
    read: Read,
    *,
    in_page: str | None,
    in_header: str | None,
    in_file: str | None,
    reserved: bool | None,
    place: str | None,
) -> None:
    article = read(
        page(*([meta("tdm-reservation", in_page)] if in_page else [])),
        headers={"tdm-reservation": in_header} if in_header else {},
        hints={"tdmrep.reservation": in_file} if in_file else {},
    )
    follows = {None: UNKNOWN, True: RESERVED, False: ALLOWED}[reserved]

    assert article.rights.tdm_reservation is reserved
    assert article.rights.text_and_data_mining is follows
    assert article.provenance.get("rights.tdm_reservation") == place


def test_a_policy_stays_where_a_later_place_names_none(read: Read) -> None:
    article = read(
        page(meta("tdm-reservation", "1")),
        hints={"tdmrep.reservation": "0", "tdmrep.policy": "https://paper.example/policy.json"},
    )

    assert (article.rights.tdm_reservation, article.rights.tdm_policy) == (
        True,
        "https://paper.example/policy.json",
    )


@pytest.mark.parametrize(
    ("in_meta", "in_header", "expected"),
    [
        ("noai", None, (RESERVED, ALLOWED, ALLOWED)),
        (None, "noai", (RESERVED, ALLOWED, ALLOWED)),
        (None, "otherbot: noai, noindex", (UNKNOWN, ALLOWED, ALLOWED)),
        (None, "news-ingestion: noindex", (UNKNOWN, RESERVED, ALLOWED)),
        ("noimageai", None, (UNKNOWN, ALLOWED, ALLOWED)),
        ("index, follow", "noindex", (UNKNOWN, RESERVED, ALLOWED)),
        ("noindex", "all", (UNKNOWN, RESERVED, ALLOWED)),
        ("none", None, (UNKNOWN, RESERVED, ALLOWED)),
        ("all", "noarchive", (UNKNOWN, ALLOWED, RESERVED)),
        ("nocache", None, (UNKNOWN, ALLOWED, RESERVED)),
        ("nosnippet, nofollow", None, (UNKNOWN, ALLOWED, ALLOWED)),
        ("unavailable_after: 2026-11-19", None, (UNKNOWN, RESERVED, ALLOWED)),
        ("unavailable_after: 2026-11-21", None, (UNKNOWN, ALLOWED, ALLOWED)),
    ],
)
def test_of_robots_rules_the_more_restrictive_one_counts(
    read: Read, in_meta: str | None, in_header: str | None, expected: tuple[Permission, ...]
) -> None:
    article = read(
        page(*([meta("robots", in_meta)] if in_meta else [])),
        headers={"x-robots-tag": in_header} if in_header else {},
    )

    assert decided(article.rights) == expected


def test_a_refusal_of_ai_reserves_whatever_the_protocol_allows(read: Read) -> None:
    article = read(page(meta("tdm-reservation", "0"), meta("robots", "noai")))

    assert (article.rights.tdm_reservation, article.rights.text_and_data_mining) == (False, RESERVED)
    assert article.provenance["rights.text_and_data_mining"] == "meta:robots"


def test_our_name_is_the_one_that_the_page_was_fetched_by(read: Read) -> None:
    html = page(meta("harbour-bot", "noindex"), meta("news-ingestion", "noarchive"))
    article = read(html, hints={"fetch.agent": "Harbour-Bot/2.0 (+https://harbour.example)"})

    assert article.rights.robots_directives == ("noindex",)


@pytest.mark.parametrize("kind", ["fragment", "json"])
def test_the_robots_rules_of_a_feed_or_an_interface_are_not_those_of_the_story(read: Read, kind: str) -> None:
    bodies = {"fragment": PROSE, "json": json.dumps({"headline": "Night boat", "body_text": "It sails."})}
    article = read(
        bodies[kind],
        kind,
        hints={"feed.title": "Night boat"},
        headers={"X-Robots-Tag": "noindex, noai", "TDM-Reservation": "1"},
    )

    assert decided(article.rights) == (RESERVED, UNKNOWN, UNKNOWN)
    assert article.rights.robots_directives == ()
    assert RightsStatement(about="x_robots_tag", value="noindex, noai", source="header:x-robots-tag") in (
        article.rights.statements or ()
    )


def test_a_text_has_the_rights_of_its_headers(read: Read) -> None:
    words = "Night boat returns\n\nThe night boat will sail again from Monday, the harbour office said."

    assert decided(read(words, "text").rights) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert decided(read(words, "text", headers={"x-robots-tag": "noindex"}).rights) == (
        UNKNOWN,
        RESERVED,
        ALLOWED,
    )


PAID_PART = {"@type": "WebPageElement", "isAccessibleForFree": "False", "cssSelector": [".a", ".b"]}


@pytest.mark.parametrize(
    ("stated", "head", "access"),
    [
        ({}, "", Access.UNKNOWN),
        ({"isAccessibleForFree": True}, "", Access.FREE),
        ({"isAccessibleForFree": "https://schema.org/True"}, "", Access.FREE),
        ({"isAccessibleForFree": False}, "", Access.PAYWALLED),
        ({"isAccessibleForFree": False, "hasPart": PAID_PART}, "", Access.PAYWALLED),
        ({"isAccessibleForFree": True, "hasPart": PAID_PART}, "", Access.METERED),
        ({"hasPart": [PAID_PART, {"isAccessibleForFree": True}]}, "", Access.METERED),
        ({"hasPart": {"isAccessibleForFree": True, "cssSelector": ".a"}}, "", Access.UNKNOWN),
        ({"isAccessibleForFree": False}, meta("article:content_tier", "metered"), Access.METERED),
        ({}, meta("article:content_tier", "locked"), Access.PAYWALLED),
        ({}, meta("is_paywalled", "true"), Access.PAYWALLED),
        ({}, meta("is_paywalled", "false"), Access.FREE),
        ({"isAccessibleForFree": "perhaps"}, meta("is_paywalled", "perhaps"), Access.UNKNOWN),
    ],
)
def test_access_is_what_is_said_and_a_part_with_a_price_is_never_free(
    read: Read, stated: dict[str, object], head: str, access: Access
) -> None:
    article = read(page(head, stated=stated))

    assert article.rights.access is access
    if stated.get("hasPart") in (PAID_PART, [PAID_PART, {"isAccessibleForFree": True}]):
        assert article.rights.paid_parts == ".a, .b"


def test_a_news_item_says_its_terms(read: Read) -> None:
    item = {
        "headline": "Night boat returns",
        "body_text": "It sails again from Monday.",
        "usageterms": "Not after Friday.",
        "copyrightholder": "The Ferry Post",
        "copyrightnotice": "© 2026 The Ferry Post",
        "rightsinfo": {"linkedrights": "https://paper.example/rights"},
        "isAccessibleForFree": False,
    }
    rights = read(json.dumps(item), "json").rights

    assert (rights.usage_terms, rights.usage_info) == ("Not after Friday.", "https://paper.example/rights")
    assert (rights.copyright_holder, rights.copyright_notice) == ("The Ferry Post", "© 2026 The Ferry Post")
    assert (rights.access, rights.license) == (Access.PAYWALLED, None)


def test_what_the_feed_said_counts_behind_the_page(read: Read) -> None:
    hints = {"feed.license": "https://licence.example/by/4.0/", "feed.rights": "© The Ferry Post"}

    assert read(page(), hints=hints).rights.license == "https://licence.example/by/4.0/"
    assert read(page(), hints=hints).rights.copyright_notice == "© The Ferry Post"
    assert (
        read(page(stated={"license": "https://paper.example/l"}), hints=hints).rights.license
        == "https://paper.example/l"
    )


VALUES = (
    st.sampled_from(["", "1", "0", "noai", "noindex,", "\u202e", "otherbot: none", "unavailable_after:"])
    | st.text()
)


@settings(max_examples=60, deadline=None)
@given(
    head=st.lists(
        st.tuples(st.sampled_from(["robots", "tdm-reservation", "tdm-policy", "copyright"]), VALUES)
    ),
    headers=st.dictionaries(st.sampled_from(["X-Robots-Tag", "TDM-Reservation", "tdm-policy"]), VALUES),
    stated=st.dictionaries(
        st.sampled_from(["license", "usageInfo", "hasPart", "isAccessibleForFree", "copyrightYear"]),
        st.recursive(
            VALUES | st.none() | st.booleans() | st.integers(),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from(["cssSelector", "isAccessibleForFree", "url", "@id"]), inner
                )
            ),
            max_leaves=5,
        ),
    ),
)
def test_whatever_is_said_becomes_a_record(
    head: list[tuple[str, str]], headers: dict[str, str], stated: dict[str, object]
) -> None:
    words = [meta(name, value.replace('"', "&quot;")) for name, value in head]
    body = page(*words, stated=stated).encode("utf-8", "replace")
    wellformed = {name: value.encode("utf-8", "replace").decode() for name, value in headers.items()}
    made = document(body, kind=DocumentKind.PAGE, headers=wellformed, publisher=Publisher(id="p"))
    article = parse(made)

    assert isinstance(article, Article)
    assert decode(encode(article), Article) == article
    assert (article.rights.text_and_data_mining is RESERVED) >= (article.rights.tdm_reservation is True)
    said = [text for told in article.rights.statements or () for text in (told.about, told.value)]
    assert "" not in said
