"""Documents that are made to take long are read, decided upon or refused, well within their time.

`NEWS_FUZZ_BYTES` makes them larger: the largest that is fetched has 10 MB.
"""

import os
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from ingestion.article import Article, DocumentKind, Drop
from ingestion.errors import Permanent
from ingestion.extraction.limits import ExtractionLimits
from ingestion.extraction.pool import PooledExtractor
from tests.unit.extraction.monsters import MONSTERS
from tests.unit.extraction.test_pool import DOCUMENT

SIZE_BYTES = int(os.environ.get("NEWS_FUZZ_BYTES", "200000"))
SECONDS = 30 * max(1, SIZE_BYTES // 1_000_000)


@pytest.fixture(scope="module")
def extractor() -> Iterator[PooledExtractor]:
    made = PooledExtractor(ExtractionLimits(processes=1, seconds=SECONDS))
    yield made
    made.close()


@pytest.mark.parametrize("name", MONSTERS)
def test_a_document_that_is_made_to_take_long_ends_in_time(extractor: PooledExtractor, name: str) -> None:
    kind, grow = MONSTERS[name]
    body = grow(SIZE_BYTES).encode("utf-8", "surrogatepass")
    (found,) = extractor.extract([replace(DOCUMENT, kind=DocumentKind(kind), locator=name, body=body)])

    assert isinstance(found, Article | Drop | Permanent)
    assert "cut off" not in str(found)
    assert "died" not in str(found)
