"""Exports by rights: who is withheld and why, that the counts add up, and that no other export is touched."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from expectations.good import Article, article
from ingestion import jobs
from ingestion.errors import ConfigurationError
from ingestion.lake.compaction import compact
from ingestion.lake.delta import DeltaLake, lake_columns
from ingestion.lake.export import ExportReport, export_articles
from ingestion.lake.manifest import read_manifest, verify, write_manifest
from ingestion.lake.profiles import Profile, Rule, Sieve, chosen, profiles
from ingestion.lake.reader import LakeReader
from ingestion.ports import TopicPartition
from ingestion.settings import load_settings
from schemas import Schema, read
from schemas.arrow import table_of

P0 = TopicPartition("news.articles", 0)
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
FREE: dict[str, Any] = {
    "access": "free",
    "tdm_reservation": None,
    "meta_robots": None,
    "text_and_data_mining": "unknown",
    "indexing": "allowed",
    "archiving": "allowed",
    "unavailable_after": None,
}
SAID: tuple[tuple[dict[str, Any], str | None, str | None], ...] = (
    ({}, None, None),
    ({"text_and_data_mining": "allowed", "tdm_reservation": False}, None, None),
    ({"text_and_data_mining": "reserved", "tdm_reservation": True}, "mining_reserved", "mining_reserved"),
    ({"text_and_data_mining": "reserved", "access": "paywalled"}, "mining_reserved", "mining_reserved"),
    ({"access": "paywalled"}, "access_not_free", None),
    ({"access": "metered"}, "access_not_free", None),
    ({"access": "unknown"}, "access_not_free", None),
    ({"indexing": "reserved"}, "indexing_not_allowed", None),
    ({"indexing": "unknown"}, "indexing_not_allowed", None),
    ({"archiving": "reserved"}, "archiving_reserved", None),
    ({"archiving": "unknown"}, None, None),
    ({"unavailable_after": LATER}, "limited_in_time", None),
)
"""What is said of an article beside being free, and why `share` and `mining` withhold it."""

OF_VERSION_1: dict[str, Any] = {name: None for name in FREE if name not in ("access", "tdm_reservation")}
LEGACY: tuple[tuple[dict[str, Any], str | None, str | None], ...] = (
    ({**OF_VERSION_1}, "indexing_not_allowed", None),
    ({**OF_VERSION_1, "tdm_reservation": True}, "mining_reserved", "mining_reserved"),
    ({**OF_VERSION_1, "tdm_reservation": False}, "indexing_not_allowed", None),
    ({**OF_VERSION_1, "meta_robots": "index, NoAI"}, "mining_reserved", "mining_reserved"),
    ({**OF_VERSION_1, "meta_robots": "noaidea"}, "indexing_not_allowed", None),
)


def told(number: int, said: dict[str, Any], offset: int = 0, at: datetime = MONDAY) -> Article:
    made = article(number, ingested_at=at)
    return {
        **made,
        "rights": {**made["rights"], **FREE, **said},
        "lineage": {**made["lineage"], "offset": offset},
    }


def store(url: str, *said: dict[str, Any], at: datetime = MONDAY) -> None:
    lake = DeltaLake(url)
    start = lake.next_offset(P0) or 0
    rows = [told(start + number, what, start + number, at) for number, what in enumerate(said)]
    lake.append(table_of("article", rows), {P0: start}, {P0: start + len(rows)})


def export(url: str, exports: Path, name: str, own: Path | None = None) -> ExportReport:
    (profile,) = chosen((name,), own)
    return export_articles(LakeReader(url), profile.folder(exports), None, profile)


def exported(folder: Path) -> list[str]:
    files = [folder / file.path for file in read_manifest(folder).files]
    return sorted(
        row["article_id"] for path in files for row in pq.ParquetFile(path).read(["article_id"]).to_pylist()
    )


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file:{tmp_path}/lake"


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    return tmp_path / "exports" / "articles"


@pytest.mark.parametrize(("name", "column"), [("share", 1), ("mining", 2)])
def test_a_profile_withholds_what_its_rules_say_and_counts_each_by_its_reason(
    url: str, exports: Path, name: str, column: int
) -> None:
    cases = (*SAID, *LEGACY)
    store(url, *(case[0] for case in cases))
    report = export(url, exports, name)
    reasons = Counter(str(case[column]) for case in cases if case[column])
    kept = [f"{number:064x}" for number, case in enumerate(cases) if case[column] is None]
    [file] = report.files

    assert exported(exports.with_name(f"articles-{name}")) == kept
    assert report.withheld_rows == dict(sorted(reasons.items()))
    assert (file.rows, file.lake_rows, file.withheld) == (len(kept), len(cases), dict(reasons))
    assert file.rows + sum(file.withheld.values()) == len(cases)


def test_the_manifest_says_by_which_profile_and_what_is_missing_of_each_day(url: str, exports: Path) -> None:
    store(url, {}, {"access": "paywalled"})
    store(url, {"access": "metered"}, at=MONDAY + timedelta(days=1))
    report = export(url, exports, "share")
    manifest = read_manifest(exports.with_name("articles-share"))
    told = json.loads((exports.with_name("articles-share") / "_manifest.json").read_text())

    assert (report.profile, manifest.profile.name) == ("share", "share")
    assert manifest.profile.fingerprint == profiles()["share"].fingerprint
    assert told["withheld"] == {"access_not_free": 2}
    assert [(file["rows"], file["lake_rows"], file["withheld"]) for file in told["files"]] == [
        (1, 2, {"access_not_free": 1}),
        (0, 1, {"access_not_free": 1}),
    ]
    assert verify(exports.with_name("articles-share")) == []


def test_the_default_profile_holds_everything_and_lies_where_it_always_lay(url: str, exports: Path) -> None:
    store(url, *(case[0] for case in SAID))
    report = export_articles(LakeReader(url), exports)

    assert report.profile == "all"
    assert report.withheld_rows == {}
    assert len(exported(exports)) == len(SAID)
    assert read_manifest(exports).files[0].lake_rows == len(SAID)


def test_readers_of_all_articles_are_not_disturbed_by_another_profile(url: str, exports: Path) -> None:
    store(url, *(case[0] for case in SAID))
    export(url, exports, "all")
    before, folder_time = contents(exports), exports.stat().st_mtime_ns
    export(url, exports, "share")
    export(url, exports, "mining")

    assert contents(exports) == before
    assert exports.stat().st_mtime_ns == folder_time
    assert verify(exports) == []


def test_a_folder_of_one_profile_is_refused_to_another(url: str, exports: Path) -> None:
    store(url, {})
    export(url, exports, "all")
    before = contents(exports)

    with pytest.raises(ConfigurationError, match="holds an export by the rights profile all"):
        export_articles(LakeReader(url), exports, None, profiles()["share"])
    assert contents(exports) == before


def test_a_second_export_and_a_compaction_leave_every_file_as_it_is(url: str, exports: Path) -> None:
    store(url, {}, {"access": "paywalled"})
    store(url, {}, {"indexing": "reserved"})
    folder = exports.with_name("articles-share")
    [file] = export(url, exports, "share").files
    before = contents(folder)
    assert export(url, exports, "share").unchanged_days == (MONDAY.date(),)
    assert contents(folder) == before
    compact(url, retention_hours=0)
    report = export(url, exports, "share")

    assert (report.files, report.unchanged_days) == ((), (MONDAY.date(),))
    assert contents(folder)[str(folder / file.path)] == before[str(folder / file.path)]
    assert report.withheld_rows == {"access_not_free": 1, "indexing_not_allowed": 1}


def test_late_rows_that_are_withheld_are_told_of_too(url: str, exports: Path) -> None:
    store(url, {})
    export(url, exports, "share")
    store(url, {"access": "paywalled"})
    report = export(url, exports, "share")

    assert [(file.rows, file.lake_rows) for file in report.files] == [(1, 2)]
    assert report.withheld_rows == {"access_not_free": 1}


def own_profile(folder: Path, *values: str) -> Path:
    path = folder / "own.toml"
    path.write_text(
        f"""[berlin]
means = "Of two publishers."
[[berlin.withhold]]
reason = "other_publisher"
field = "publisher.id"
unless = {json.dumps(values)}
"""
    )
    return path


def test_a_profile_whose_rules_change_is_written_again(url: str, exports: Path, tmp_path: Path) -> None:
    store(url, {}, {})
    folder = exports.with_name("articles-berlin")
    export(url, exports, "berlin", own_profile(tmp_path, "morgenkurier.example"))
    assert exported(folder) == []
    report = export(url, exports, "berlin", own_profile(tmp_path, "ferry-post.example"))

    assert [(file.rows, file.withheld) for file in report.files] == [(2, {})]
    assert len(exported(folder)) == 2
    assert read_manifest(folder).profile.means == "Of two publishers."
    assert verify(folder) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[all]\nmeans = 'x'", "the names all are taken"),
        ("[x]", "`means`"),
        ("[x]\nmeans = 'x'\nhold = []", "unknown field `hold`"),
        ("[[x", "no rights profiles"),
        ("['a/b']\nmeans = 'x'", "'a/b' names no folder"),
        (
            "[x]\nmeans='x'\nwithhold=[{reason='r', field='rights.accss', where=['free']}]",
            "no field rights.accss",
        ),
        ("[x]\nmeans='x'\nwithhold=[{reason='r', field='body.x', where=['free']}]", "no field body.x"),
        ("[x]\nmeans='x'\nwithhold=[{reason='r', field='rights.access'}]", "give one of unless, where"),
        (
            "[x]\nmeans='x'\nwithhold=[{reason='r', field='version', where=[1], stated=true}]",
            "where and stated",
        ),
        ("[x]\nmeans='x'\nwithhold=[{reason='r', field='rights.access', matches='('}]", "missing \\)"),
        ("[x]\nmeans='x'\nwithhold=[{reason='r', field='version', where=['one']}]", "r: "),
        ("[x]\nmeans='x'\nwithhold=[{reason='r', field='images', where=['one']}]", "r: "),
    ],
)
def test_a_profile_that_is_wrong_is_refused_with_the_place(tmp_path: Path, text: str, wrong: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)

    with pytest.raises(ConfigurationError, match=wrong):
        profiles(own)


def test_a_profile_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no rights profile shre; there are all, mining, share"):
        chosen(("shre",))
    with pytest.raises(ConfigurationError, match=r"none\.toml cannot be read"):
        profiles(tmp_path / "none.toml")


def test_numbers_and_times_can_be_judged() -> None:
    rules = (
        Rule(reason="first", field="version", where=(1,)),
        Rule(reason="never", field="rights.unavailable_after", stated=True),
    )
    sieve = Sieve(Profile(means="x", withhold=rules))
    rows = lake_columns(table_of("article", [told(1, {}), {**told(2, {}), "version": 2}]))
    kept = [sieve.kept(batch).num_rows for batch in rows.to_batches()]

    assert (sum(kept), +sieve.withheld) == (1, Counter(first=1))


def test_a_lake_of_the_first_contract_is_exported_by_every_profile(url: str, exports: Path) -> None:
    """Rows of before have none of the newer fields, in files that lack them."""
    old = table_of("article", [told(number, OF_VERSION_1) for number in range(2)])
    names = [field["name"] for field in rights_of(read("article", 1))]
    rows = with_rights(lake_columns(old), names)
    write_deltalake(url.removeprefix("file:"), rows, mode="append", partition_by=["ingested_date"])
    store(url, {}, at=MONDAY)

    assert [export(url, exports, name).files[0].rows for name in ("all", "mining", "share")] == [3, 3, 1]
    assert verify(exports) == []


def rights_of(schema: Schema) -> list[dict[str, Any]]:
    fields: list[dict[str, Any]] = next(f for f in schema["fields"] if f["name"] == "rights")["type"][
        "fields"
    ]
    return fields


def with_rights(table: Any, names: list[str]) -> Any:
    rights = table.column("rights").combine_chunks()
    kept = [rights.type.field(name) for name in names]
    narrow = pa.StructArray.from_arrays([pc.struct_field(rights, name) for name in names], fields=kept)
    at = table.column_names.index("rights")
    return table.set_column(at, pa.field("rights", narrow.type, nullable=False), narrow)


def test_the_job_exports_by_each_profile_that_is_set(url: str, exports: Path, tmp_path: Path) -> None:
    store(url, {}, {"access": "paywalled"})
    places = {"data_dir": tmp_path / "data", "lake": url, "exports": exports}
    done = jobs.export(load_settings(**places, export_rights=("all", "share")))
    again = jobs.export(load_settings(**places), ["mining"])

    assert [(one.profile, one.withheld_rows) for one in done.profiles] == [
        ("all", {}),
        ("share", {"access_not_free": 1}),
    ]
    assert [one.profile for one in again.profiles] == ["mining"]
    assert sorted(path.name for path in exports.parent.iterdir()) == [
        "articles",
        "articles-mining",
        "articles-share",
    ]


def test_verify_sees_a_day_that_does_not_add_up(url: str, exports: Path) -> None:
    store(url, {}, {"access": "paywalled"})
    export(url, exports, "share")
    folder = exports.with_name("articles-share")
    manifest = read_manifest(folder)
    wrong = replace(manifest.files[0], withheld={})
    write_manifest(folder, replace(manifest, files=(wrong,)))

    assert verify(folder) == [f"{wrong.path}: its rows and those withheld are not 2"]


PERMISSIONS = st.sampled_from(["allowed", "reserved", "unknown", None])
SAYINGS = st.fixed_dictionaries(
    {
        "access": st.sampled_from(["free", "metered", "paywalled", "unknown"]),
        "text_and_data_mining": PERMISSIONS,
        "indexing": PERMISSIONS,
        "archiving": PERMISSIONS,
        "tdm_reservation": st.sampled_from([True, False, None]),
        "meta_robots": st.sampled_from([None, "noai", "index", ""]),
        "unavailable_after": st.sampled_from([None, LATER]),
    }
)


@settings(max_examples=40, deadline=None)
@given(st.lists(SAYINGS, max_size=12), st.sampled_from(sorted(profiles())))
def test_every_row_is_exported_or_withheld_for_one_reason(said: list[dict[str, Any]], name: str) -> None:
    profile = profiles()[name]
    rows = lake_columns(table_of("article", [told(number, what) for number, what in enumerate(said)]))
    sieve = Sieve(profile)
    kept = [row["rights"] for batch in rows.to_batches() for row in sieve.kept(batch).to_pylist()]

    assert len(kept) + sieve.withheld.total() == len(said)
    assert set(+sieve.withheld) <= {rule.reason for rule in profile.withhold}
    if name != "all":
        assert not [
            one for one in kept if one["text_and_data_mining"] == "reserved" or one["tdm_reservation"]
        ]
    if name == "share":
        assert {(one["access"], one["indexing"]) for one in kept} <= {("free", "allowed")}
