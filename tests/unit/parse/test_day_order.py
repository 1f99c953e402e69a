from datetime import UTC, datetime

import pytest

from ingestion.article import Document, DocumentKind, Publisher, SourceRef
from ingestion.parse.clues import Found
from ingestion.parse.day_order import day_first


def of(url: str) -> Document:
    return Document(
        document_id="d",
        run_id="r",
        source=SourceRef(id="s", kind="page"),
        publisher=Publisher(id="bench"),
        kind=DocumentKind.PAGE,
        locator="l",
        fetched_url=url,
        body=b"",
        fetched_at=datetime(2026, 11, 20, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("declared", "url", "order"),
    [
        (["en-GB"], "https://bench.example/a", True),
        (["en_US"], "https://bench.example/a", False),
        (["en"], "https://bench.example/a", None),
        (["en"], "https://bench.co.uk/a", True),
        (["en", "en-US"], "https://bench.example/a", False),
        ([], "https://bench.gov/a", False),
        (["de"], "https://bank.example/a", True),
        (["es-MX"], "https://banco.example/a", True),
        (["es-US"], "https://banco.example/a", None),
        (["ja"], "https://bench.example/a", None),
        (["no language"], "https://bench.example/a", None),
    ],
)
def test_the_order_of_day_and_month_is_told_by_language_and_country(
    declared: list[str],
    url: str,
    order: bool | None,  # noqa: FBT001 - a parameter of the test
) -> None:
    assert day_first([Found(tag, "html:lang") for tag in declared], of(url)) is order
