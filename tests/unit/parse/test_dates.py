from datetime import UTC, datetime

import pytest

from ingestion.article import Precision, Publisher, TimezoneBasis
from ingestion.parse.clues import Found
from ingestion.parse.dates import first_moment, moment_of

FETCHED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DOHA = Publisher(id="p", timezone="Asia/Qatar")
NOWHERE = Publisher(id="p")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("raw", "at", "precision"),
    [
        ("2024-05-02T06:30:00+01:00", utc(2024, 5, 2, 5, 30), Precision.SECOND),
        ("2024-05-02T06:30:00.250Z", utc(2024, 5, 2, 6, 30, 0, 250_000), Precision.SECOND),
        ("2024-05-02 06:30+0200", utc(2024, 5, 2, 4, 30), Precision.MINUTE),
        ("20240502T063000Z", utc(2024, 5, 2, 6, 30), Precision.SECOND),
        ("Tue, 09 Jan 2024 16:45:00 GMT", utc(2024, 1, 9, 16, 45), Precision.SECOND),
        ("Tue, 9 Jan 2024 11:45:00 EST", utc(2024, 1, 9, 16, 45), Precision.SECOND),
        ("Tue Jan  9 17:45:00 CET 2024", utc(2024, 1, 9, 16, 45), Precision.SECOND),
        ("1704818700", utc(2024, 1, 9, 16, 45), Precision.SECOND),
        ("1704818700000", utc(2024, 1, 9, 16, 45), Precision.SECOND),
        ("2024年1月9日 午後4時45分 JST", utc(2024, 1, 9, 7, 45), Precision.MINUTE),
        ("２０２４年１月９日 １６時４５分 JST", utc(2024, 1, 9, 7, 45), Precision.MINUTE),
    ],
)
def test_a_time_with_an_offset_is_put_into_utc(raw: str, at: datetime, precision: Precision) -> None:
    moment = moment_of(Found(raw, "feed:published"), DOHA)

    assert moment is not None
    assert (moment.at, moment.precision, moment.raw) == (at, precision, raw)
    assert moment.timezone_basis is TimezoneBasis.EXPLICIT


@pytest.mark.parametrize(
    "raw",
    [
        "9 January 2024, 16:45",
        "January 9, 2024 4:45 p.m.",
        "9. Januar 2024, 16.45 Uhr",
        "٩ يناير ٢٠٢٤ - ١٦:٤٥",
        "9 كانون الثاني (يناير) 2024 16:45",
        "9 de enero de 2024 16:45",
        "2024/01/09 16:45",
        "09.01.2024 16:45",
        "09 | 01 | 2024 16:45",
    ],
)
def test_a_time_without_an_offset_is_taken_by_the_newsrooms_clock(raw: str) -> None:
    moment = moment_of(Found(raw, "html:time"), DOHA)

    assert moment is not None
    assert (moment.at, moment.timezone_basis) == (utc(2024, 1, 9, 13, 45), TimezoneBasis.PUBLISHER)


def test_a_newsroom_of_unknown_place_is_assumed_to_write_utc() -> None:
    moment = moment_of(Found("2024-01-09 16:45", "html:time"), Publisher(id="p", timezone="Atlantis/Port"))

    assert moment is not None
    assert (moment.at, moment.timezone_basis) == (utc(2024, 1, 9, 16, 45), TimezoneBasis.ASSUMED_UTC)


def test_a_day_stays_the_day_that_was_printed() -> None:
    moment = moment_of(Found("9 January 2024", "html:time"), DOHA)

    assert moment is not None
    assert (moment.at, moment.precision) == (utc(2024, 1, 9), Precision.DAY)


@pytest.mark.parametrize(
    "raw", ["2024", "in 2024", "May 2024", "12:30", "last Tuesday", "Room 2024-B", "", "x" * 999]
)
def test_what_names_no_day_is_no_date(raw: str) -> None:
    assert first_moment([Found(raw, "html:time")], NOWHERE, FETCHED) == (None, ())


@pytest.mark.parametrize(
    "raw",
    [
        "9999-12-31T23:59:59-12:00",
        "1970-01-01",
        "2026-11-22T00:00:00Z",
        "2024-13-45",
        "0000-01-01",
        "9999999999999",
    ],
)
def test_a_time_outside_of_reason_is_unknown_with_a_warning(raw: str) -> None:
    assert first_moment([Found(raw, "meta:date")], NOWHERE, FETCHED) == (None, ("implausible_date",))


def test_the_next_find_serves_where_the_first_is_outside_of_reason() -> None:
    finds = [Found("9999-12-31", "json-ld:datePublished"), Found("2024-01-09", "meta:date")]
    moment, warnings = first_moment(finds, NOWHERE, FETCHED)

    assert moment is not None
    assert (moment.source, warnings) == ("meta:date", ("implausible_date",))


def test_a_day_and_month_that_could_be_either_are_not_guessed() -> None:
    assert first_moment([Found("03/12/2024", "html:time")], NOWHERE, FETCHED) == (None, ("ambiguous_date",))


def test_a_day_and_month_that_can_be_only_one_are_read() -> None:
    found = [
        moment_of(Found(raw, "html:time"), NOWHERE) for raw in ("13/12/2024", "12/13/2024", "05/05/2024")
    ]

    assert [moment and moment.at for moment in found] == [
        utc(2024, 12, 13),
        utc(2024, 12, 13),
        utc(2024, 5, 5),
    ]


def test_a_day_takes_the_time_that_another_place_gives_for_it() -> None:
    finds = [Found("2024-01-09", "meta:date"), Found("2024-01-09 16:45", "html:below heading")]
    moment, warnings = first_moment(finds, DOHA, FETCHED)

    assert moment is not None
    assert (moment.at, moment.source, warnings) == (utc(2024, 1, 9, 13, 45), "html:below heading", ())


def test_a_day_takes_no_time_of_another_day() -> None:
    finds = [Found("2024-01-09", "meta:date"), Found("2024-01-11 16:45", "html:below heading")]
    moment, _ = first_moment(finds, DOHA, FETCHED)

    assert moment is not None
    assert (moment.at, moment.precision) == (utc(2024, 1, 9), Precision.DAY)


def test_places_of_weight_that_name_other_days_are_told() -> None:
    finds = [
        Found("2024-01-09T10:00:00Z", "json-ld:datePublished"),
        Found("2024-01-05T10:00:00Z", "meta:date"),
    ]
    moment, warnings = first_moment(finds, NOWHERE, FETCHED)

    assert moment is not None
    assert (moment.at, warnings) == (utc(2024, 1, 9, 10), ("date_conflict",))


def test_an_address_that_names_another_day_is_no_conflict() -> None:
    finds = [Found("2024-01-09T10:00:00Z", "json-ld:datePublished"), Found("2024-01-05", "url:path")]

    assert first_moment(finds, NOWHERE, FETCHED)[1] == ()


@pytest.mark.parametrize(
    "raw",
    [
        "20 नवंबर 2026",
        "20 พฤศจิกายน 2569",
        "20 Νοεμβρίου 2026",
        "20 листопада 2026",
        "20. listopadu 2026",
        "2026. november 20.",
        "۲۰ نوامبر ۲۰۲۶",
        "20 בנובמבר 2026",
        "২০ নভেম্বর ২০২৬",
        "Thứ sáu, 20/11/2026",
        "الجمعة ١٠ جمادى الآخرة ١٤٤٨ هـ - ٢٠ نوفمبر ٢٠٢٦ م",
    ],
)
def test_days_are_read_in_the_words_and_digits_of_many_languages(raw: str) -> None:
    moment = moment_of(Found(raw, "html:time"), NOWHERE)

    assert moment is not None
    assert moment.at == utc(2026, 11, 20)
