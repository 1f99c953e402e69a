from pathlib import Path

import pytest

from ingestion.article import Document
from ingestion.sources.files import FilesSource
from ingestion.sources.several_texts import several_texts

QUAY = (
    b"Northern quay to shut for six weeks\n\nBy Wren Tolliver\n\nPORT ELLERAY - The harbour authority said "
    b"on Friday that it would close the northern quay after engineers found cracks in the wall.\n"
)
FARES = (
    b"Ferry fares to rise by a fifth\n\nBy Lyle Benn\n\nCARROW - Ferry fares between the islands will rise "
    b"by a fifth in the new year, the operator said, blaming the price of fuel.\n"
)


@pytest.mark.parametrize("mark", [b"ENDS", b"-ENDS-", b"(END)", b"-0-", b"###", b"# # #", b"-30-", b"NNNN"])
def test_stories_that_each_end_in_a_mark_are_parted(mark: bytes) -> None:
    parts = several_texts(QUAY + mark + b"\r\n\r\n" + FARES + mark + b"\n")

    assert parts == [(QUAY + mark).strip(), (FARES + mark).strip()]


@pytest.mark.parametrize(
    "body",
    [
        QUAY,
        QUAY + b"ENDS\n",
        QUAY + b"ENDS\nNotes for editors: the authority runs four harbours.\n",
        QUAY + b"ENDS\n" + FARES,
        QUAY + b"ENDS\n" + FARES + b"-0-\n",
        QUAY + b"30\n" + FARES + b"30\n",
        QUAY + b"ENDS\nToo short.\nENDS\n",
        QUAY + b"\x0c" + FARES,
        b"",
    ],
)
def test_what_is_not_plainly_several_stays_one(body: bytes) -> None:
    assert several_texts(body) == [body]


def test_no_story_is_lost() -> None:
    whole = (QUAY + b"ENDS\n" + FARES + b"ENDS\n") * 20
    words = [word for part in several_texts(whole) for word in part.split()]

    assert words == whole.split()


def test_each_story_of_a_file_is_a_document_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "wire.txt").write_bytes(QUAY + b"ENDS\n" + FARES + b"ENDS\n")
    found = [visit.result for visit in FilesSource(tmp_path).visits("run")]

    assert all(isinstance(document, Document) for document in found)
    assert [document.locator for document in found if isinstance(document, Document)] == [
        "wire.txt#1",
        "wire.txt#2",
    ]
    assert len({document.document_id for document in found if isinstance(document, Document)}) == 2
