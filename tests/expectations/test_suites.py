"""Great Expectations says the same as the gate, and more of a batch as a whole."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expectations import narrow
from expectations.articles import OF_MANY, RULES
from expectations.good import Article, article, bad, good
from expectations.masks import broken_rows, enough_hold, failures_in
from expectations.suites import day_suite, expectation_of
from schemas.arrow import table_of

Run = Callable[..., dict[str, Any]]


def narrow_of(rows: list[Article]) -> pa.Table:
    return narrow.of_table(table_of("article", rows))


@pytest.fixture(scope="module")
def run() -> Run:
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    frames = context.data_sources.add_pandas("frames").add_dataframe_asset("rows")
    definition = frames.add_batch_definition_whole_dataframe("whole")

    def validate(rows: list[Article], suite: Any = None) -> dict[str, Any]:
        frame = narrow_of(rows).to_pandas()
        judged = gx.ExpectationSuite(name="rules", expectations=[expectation_of(rule) for rule in RULES])
        batch = definition.get_batch({"dataframe": frame})
        results: list[Any] = batch.validate(suite or judged, result_format="COMPLETE").results
        return {result.expectation_config.meta["name"]: result for result in results}

    return validate


def broken_by_suite(results: dict[str, Any]) -> dict[int, set[str]]:
    broken: dict[int, set[str]] = {}
    for name, result in results.items():
        assert "raised_exception" in result.exception_info, name
        for index in result.result.get("unexpected_index_list") or []:
            broken.setdefault(index, set()).add(name)
    return broken


def broken_by_masks(rows: list[Article]) -> dict[int, set[str]]:
    return {index: set(names) for index, names in failures_in(narrow_of(rows), RULES).items()}


def test_both_readings_agree_on_the_samples(run: Run) -> None:
    rows = [*good(), *(sample.row for sample in bad())]
    broken = broken_by_suite(run(rows))

    assert broken == broken_by_masks(rows)
    assert set.union(*broken.values()) == {rule.name for rule in RULES}
    assert all(sample.breaks in broken[len(good()) + number] for number, sample in enumerate(bad()))


TEXT = st.text(st.sampled_from("aZ09fg-_ \t\n\r<b>/:.é海م"), max_size=12)
URL = TEXT.map("https://".__add__) | TEXT
TIMES = st.datetimes(datetime(1985, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SHARE = st.none() | st.floats(-1, 2)


@st.composite
def rows(draw: st.DrawFn) -> Article:
    row = article(draw(st.integers(0, 9)))
    at = draw(TIMES)
    digest = st.just(row["article_id"]) | TEXT | st.just(row["article_id"] + "\n")
    moment = {"at": at + draw(st.timedeltas(timedelta(-3), timedelta(3))), "precision": draw(TEXT)}
    language = {"code": draw(TEXT | st.sampled_from(["en", "en-GB", "en\n", "zh-Hant"]))}
    return {
        **row,
        "article_id": draw(digest),
        "version": draw(st.none() | st.integers(-1, 3)),
        "canonical_url": draw(st.none() | URL),
        "headline": draw(st.none() | TEXT),
        "body": draw(st.none() | TEXT),
        "comment_count": draw(st.none() | st.integers(-2, 2)),
        "published": draw(st.none() | st.just({**row["published"], **moment})),
        "ingested_at": at,
        "language": draw(st.none() | st.just({**language, "confidence": draw(SHARE), "declared": None})),
        "syndication": draw(
            st.none() | st.just({"group_id": "g", "role": "copy", "similarity": draw(SHARE)})
        ),
    }


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(drawn=st.lists(rows(), min_size=1, max_size=30))
def test_both_readings_agree_on_any_rows(run: Run, drawn: list[Article]) -> None:
    assert broken_by_suite(run(drawn)) == broken_by_masks(drawn)


POOR: Article = {"published": None, "language": None, "canonical_url": None, "authors": []}


def test_every_expectation_of_many_can_fail(run: Run) -> None:
    results = run([article(1, **POOR)] * 2, day_suite())
    failed = {name for name, result in results.items() if not result.success}

    assert failed == {rule.name for rule in OF_MANY}


@pytest.mark.parametrize("poor", range(5))
def test_both_readings_agree_on_many_rows(run: Run, poor: int) -> None:
    rows = [article(number, **POOR) for number in range(poor)] + [
        article(number) for number in range(9, 13 - poor)
    ]
    rows = [*rows, article(2), *([article(20, version=2)] * (poor % 2 + 1))]
    table, results = narrow_of(rows), run(rows, day_suite())
    for rule in OF_MANY:
        broken = broken_rows(table, rule)

        assert enough_hold(table, rule, len(broken)) == results[rule.name].success, rule.name
        assert broken == list(results[rule.name].result.get("unexpected_index_list") or []), rule.name


def test_the_good_samples_pass_the_suites(run: Run) -> None:
    failed = [name for name, result in run(good(), day_suite()).items() if not result.success]

    assert failed == []


def test_a_day_of_unusual_size_is_a_warning(run: Run) -> None:
    results = run(good(), day_suite(rows=(100, 200)))
    failed = [result for result in results.values() if not result.success]

    assert [result.expectation_config.meta["name"] for result in failed] == ["day_has_its_usual_size"]
    assert failed[0].expectation_config.severity == "warning"


def test_a_missing_column_is_noticed() -> None:
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    frame = narrow_of(good()).drop(["modified_at"]).to_pandas()
    batch = context.data_sources.add_pandas("frames").read_dataframe(frame)
    results: list[Any] = batch.validate(day_suite()).results
    failed = [result.expectation_config.meta["name"] for result in results if not result.success]

    assert failed == ["columns_are_as_declared"]
