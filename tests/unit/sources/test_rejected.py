from hashlib import sha256

import pytest

from ingestion.article import Rejected, RejectedPayload, SourceRef
from ingestion.codec import decode, encode
from ingestion.errors import Unreachable, Unreadable
from ingestion.rejected import MAX_PAYLOAD_BYTES, rejected

SOURCE = SourceRef(id="paper", kind="feed")


NO = Unreadable("no")


def letter(fault: Exception = NO, payload: bytes | None = b"x", locator: str = "a") -> Rejected:
    return rejected(
        fault,
        stage="parse",
        source=SOURCE,
        run_id="run-1",
        locator=locator,
        payload=payload,
        payload_kind=RejectedPayload.BYTES,
        origin={"topic": "news.raw", "partition": 1, "offset": 7},
    )


def test_a_dead_letter_tells_what_where_and_why() -> None:
    made = letter()

    assert (made.stage, made.error, made.message, made.transient) == ("parse", "Unreadable", "no", False)
    assert (made.topic, made.partition, made.offset) == ("news.raw", 1, 7)
    assert (made.payload, made.payload_bytes, made.payload_sha256) == (b"x", 1, sha256(b"x").hexdigest())
    assert decode(encode(made), Rejected) == made


def test_a_fault_that_may_pass_is_marked() -> None:
    assert letter(Unreachable("later")).transient


def test_the_same_failure_has_the_same_id_and_another_place_or_payload_another() -> None:
    ids = {letter().rejected_id, letter(locator="b").rejected_id, letter(payload=b"y").rejected_id}

    assert letter().rejected_id == letter(Unreadable("in other words")).rejected_id
    assert len(ids) == 3


@pytest.mark.parametrize(("size", "kept"), [(MAX_PAYLOAD_BYTES, True), (MAX_PAYLOAD_BYTES + 1, False)])
def test_a_large_payload_is_told_by_size_and_digest(size: int, *, kept: bool) -> None:
    payload = b"x" * size

    made = letter(payload=payload)

    assert made.payload == (payload if kept else None)
    assert (made.payload_bytes, made.payload_sha256) == (size, sha256(payload).hexdigest())


def test_words_that_utf_8_cannot_carry_do_not_lose_the_letter() -> None:
    made = letter(Unreadable("\ud800 in a name"), locator="caf\udce9.txt")

    assert encode(made)
    assert (made.message, made.locator) == ("? in a name", "caf?.txt")


def test_a_fault_without_words_is_called_by_its_class() -> None:
    assert letter(Unreadable()).message == "Unreadable"
