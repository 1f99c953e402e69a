import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.parse.urls import clean_url, identity, registered_host


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        (
            "https://a.example/News/Big-Story?utm_source=x&id=7&fbclid=y#top",
            "https://a.example/News/Big-Story?id=7",
        ),
        ("HTTPS://A.Example:443/x?gclid=1", "https://a.example/x"),
        ("http://a.example/?p=12&utm_medium=rss", "http://a.example/?p=12"),
        ("https://a.example/x?cid=123&source=home", "https://a.example/x?cid=123&source=home"),
        ("https://a.example/سماء", "https://a.example/%D8%B3%D9%85%D8%A7%D8%A1"),
        ("https://a.example/?b=2&a=1", "https://a.example/?a=1&b=2"),
    ],
)
def test_an_identity_has_no_tracking_and_keeps_the_case_of_its_path(raw: str, cleaned: str) -> None:
    assert clean_url(raw) == cleaned


@pytest.mark.parametrize(
    "raw",
    ["", "mailto:a@b.example", "javascript:void(0)", "http://[::1", "/path", "http://", "ftp://a.example/x"],
)
def test_what_is_no_web_address_is_no_identity(raw: str) -> None:
    assert clean_url(raw) is None


ADDRESSES = st.one_of(
    st.text(max_size=40),
    st.builds(
        "https://{}/{}?{}#{}".format,
        st.sampled_from(["a.example", "A.example:443", "xn--9ca.example", "127.0.0.1:8000", "u:p@a.example"]),
        st.text(max_size=20),
        st.text(alphabet="utm_aid=&%;?+ é1", max_size=20),
        st.text(max_size=5),
    ),
)


@given(ADDRESSES)
def test_cleaning_twice_is_cleaning_once(raw: str) -> None:
    once = clean_url(raw)

    assert once is None or clean_url(once) == once


def test_a_declared_address_on_the_same_registered_host_is_the_identity() -> None:
    assert identity("https://www.a.co.uk/x", "https://m.a.co.uk/x?amp=1") == "https://www.a.co.uk/x"


def test_a_declared_address_elsewhere_is_not_the_identity() -> None:
    assert identity("https://wire.example/x", "https://paper.example/x") == "https://paper.example/x"


def test_a_declared_home_page_is_a_mistake() -> None:
    assert identity("https://a.example/", "https://a.example/x") == "https://a.example/x"


def test_two_addresses_in_numbers_are_two_hosts() -> None:
    assert registered_host("http://10.0.0.1/x") != registered_host("http://10.1.0.1/x")
    assert registered_host("http://news.orme.example/x") == "orme.example"


def test_a_page_without_an_address_takes_the_declared_one() -> None:
    assert identity("https://a.example/x?utm_source=1", None) == "https://a.example/x"
    assert identity(None, None) is None
