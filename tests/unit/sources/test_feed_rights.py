"""What feeds say about rights: of themselves, of an entry, and in each of their dialects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import Unreadable
from ingestion.sources.entries import read_entries

RSS = """<?xml version="1.0"?><rss version="2.0"
 xmlns:creativeCommons="http://backend.userland.com/creativeCommonsRssModule"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Paper</title>
 <copyright>© 2026 The Ferry Post</copyright>
 <creativeCommons:license>https://licence.example/of-all</creativeCommons:license>
 <item><title>One</title><link>https://paper.example/1</link><guid>1</guid>
  <creativeCommons:license>https://licence.example/of-one</creativeCommons:license>
  <dc:rights>© Ada Quill</dc:rights></item>
 <item><title>Two</title><link>https://paper.example/2</link><guid>2</guid></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Paper</title><rights>© The Ferry Post</rights>
 <link rel="license" href="https://licence.example/of-all"/>
 <entry><title>One</title><id>1</id><link href="https://paper.example/1"/><rights>© Ada Quill</rights>
  <link rel="license" href="https://licence.example/of-one"/></entry>
 <entry><title>Two</title><id>2</id><link href="https://paper.example/2"/></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:cc="http://web.resource.org/cc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
 <channel rdf:about="https://paper.example/"><title>Paper</title><dc:rights>© The Ferry Post</dc:rights>
  <cc:license rdf:resource="https://licence.example/of-all"/></channel>
 <item rdf:about="https://paper.example/1"><title>One</title><link>https://paper.example/1</link>
  <dc:rights>© Ada Quill</dc:rights><cc:license rdf:resource="https://licence.example/of-one"/></item>
 <item rdf:about="https://paper.example/2"><title>Two</title><link>https://paper.example/2</link></item>
</rdf:RDF>"""


@pytest.mark.parametrize("feed", [RSS, ATOM, RDF], ids=["rss", "atom", "rdf"])
def test_an_entry_has_its_own_rights_and_otherwise_those_of_its_feed(feed: str) -> None:
    one, two = read_entries(feed.encode())

    assert (one.hints["feed.rights"], one.hints["feed.license"]) == (
        "© Ada Quill",
        "https://licence.example/of-one",
    )
    assert two.hints["feed.rights"].endswith("The Ferry Post")
    assert two.hints["feed.license"] == "https://licence.example/of-all"


def test_a_feed_that_says_nothing_gives_no_hint_of_it() -> None:
    feed = "<rss><channel><title>P</title><item><title>One</title><link>https://p.example/1</link></item></channel></rss>"
    [entry] = read_entries(feed.encode())

    assert not {"feed.rights", "feed.license"} & set(entry.hints)


@given(
    st.lists(st.sampled_from(["<rights>", "</rights>", "<license/>", '<link rel="license"/>', "©", "<a>"]))
)
def test_no_rights_of_a_feed_escape(pieces: list[str]) -> None:
    body = f"<feed><title>x</title><entry><title>One</title>{''.join(pieces)}</entry></feed>".encode()
    try:
        entries = read_entries(body)
    except Unreadable:
        return

    assert all(entry.hints.get("feed.rights") != "" for entry in entries)
