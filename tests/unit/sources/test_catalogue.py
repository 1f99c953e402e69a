import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ingestion.errors import ConfigurationError
from ingestion.sources.catalogue import file_schema, host_manners, load_catalogue, private_hosts
from ingestion.sources.facts import SourceFacts, meaning

REPOSITORY = Path(__file__).parents[3]
SCHEMA = json.loads((REPOSITORY / "schemas" / "source.v1.schema.json").read_text(encoding="utf-8"))

WHOLE = """
[publisher]
id = "harbour"
name = "Harbour Paper"
domain = "harbour.example"
country = "GB"
language = "en-GB"
timezone = "Europe/London"

[[source]]
id = "harbour-rss"
kind = "feed"
url = "https://harbour.example/rss"

[[source]]
id = "harbour-pages"
kind = "page"
urls = ["https://harbour.example/a", "https://harbour.example/b"]
cadence_seconds = 60
recheck_seconds = 0
enabled = false

[source.expect]
articles_per_day = 2.5
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_whole_of_an_entry_is_read(tmp_path: Path) -> None:
    feed, pages = load_catalogue(write(tmp_path, harbour=WHOLE))

    assert (feed.id, feed.kind, feed.urls) == ("harbour-rss", "feed", ("https://harbour.example/rss",))
    assert (feed.cadence_seconds, feed.recheck_seconds, feed.enabled) == (900, None, True)
    assert feed.publisher.timezone == "Europe/London"
    assert feed.articles_per_day is None
    assert (pages.cadence_seconds, pages.recheck_seconds, pages.enabled) == (60, 0, False)
    assert pages.urls == ("https://harbour.example/a", "https://harbour.example/b")
    assert pages.articles_per_day == 2.5


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    one = '[publisher]\nid = "{0}"\n[[source]]\nid = "{0}-x"\nkind = "feed"\nurl = "http://{0}.example/"\n'
    write(tmp_path, b=one.format("b"), a=one.format("a"))
    (tmp_path / "notes.txt").write_text("no entry")

    assert [entry.id for entry in load_catalogue(tmp_path)] == ["a-x", "b-x"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"feed"', '"fax"'), r"harbour\.toml: source\[0\]\.kind: .*fax.*feed, sitemap, front_page"),
        (('"feed"', '"feed"\nurll = "x"'), r"harbour\.toml: source\[0\]: .*urll"),
        (('"https://harbour.example/rss"', '"ftp://harbour.example"'), r"source\[0\]\.url: .*http or https"),
        (('url = "https://harbour.example/rss"', ""), r"harbour-rss\): has no address; add url"),
        (('"page"', '"sitemap"'), r"harbour-pages\): a sitemap has one url; write one \[\[source\]\]"),
        (("= 60", "= -1"), r"source\[1\]\.cadence_seconds: .*Fewest seconds from one"),
        (("= 60", '= "60"'), r"source\[1\]\.cadence_seconds: Expected `int`"),
        (("2.5", '"many"'), r"source\[1\]\.expect\.articles_per_day: .*Fewest articles"),
        (('"GB"', '"Britain"'), r"publisher\.country: .*ISO 3166-1"),
        (("Europe/London", "Europe/Lodnon"), r"publisher\.timezone: 'Europe/Lodnon' is unknown; write"),
        (('id = "harbour"', ""), r"publisher: .*`id`"),
        (('id = "harbour"', 'id = "Harbour Paper"'), r"publisher\.id: .*lower-case"),
        (("[publisher]", "[publisher"), r"harbour\.toml is no TOML: .*line 2"),
        (("harbour-pages", "harbour-rss"), r"'harbour-rss' is also in harbour\.toml; rename"),
    ],
)
def test_a_bad_entry_is_told_with_file_and_key_and_remedy(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    write(tmp_path, harbour=WHOLE.replace(*change))

    with pytest.raises(ConfigurationError, match=said):
        load_catalogue(tmp_path)


def test_an_id_in_two_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path, one=WHOLE, two=WHOLE)

    with pytest.raises(ConfigurationError, match=r"two\.toml: .*also in one\.toml"):
        load_catalogue(tmp_path)


def test_a_file_that_is_not_utf_8_is_told(tmp_path: Path) -> None:
    (tmp_path / "old.toml").write_bytes('name = "Zürich"'.encode("latin-1"))

    with pytest.raises(ConfigurationError, match="save it as UTF-8"):
        load_catalogue(tmp_path)


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no folder"):
        load_catalogue(tmp_path / "nowhere")


def test_the_published_schema_is_that_of_the_types() -> None:
    assert file_schema() == SCHEMA


def test_every_field_of_the_schema_is_described() -> None:
    fields = [field for definition in SCHEMA["$defs"].values() for field in definition["properties"].values()]

    assert len(fields) > 15
    assert all(field.get("description") for field in fields)


def test_the_schema_judges_as_the_loader_does() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)

    assert validator.is_valid(tomllib.loads(WHOLE))
    assert not validator.is_valid(tomllib.loads(WHOLE.replace('"feed"', '"fax"')))
    assert not validator.is_valid(tomllib.loads(WHOLE.replace("name =", "nmae =")))


ARCHIVE = """
[publisher]
id = "archive"

[[source]]
id = "dumps"
kind = "files"
paths = ["dumps", "more/articles.ndjson"]

[[source]]
id = "crawl"
kind = "warc"
paths = ["crawl.warc.gz"]
urls = ["s3://bucket/crawl.warc.gz", "https://crawl.example/list.txt"]
cadence_seconds = 172800

[[source]]
id = "front"
kind = "front_page"
url = "https://www.Paper.example/world"
title = "World"
site = "https://paper.example/"
categories = ["World/Asia", "Daily"]
slowest_seconds = 7200
manners = { interval_seconds = 5, requests_at_once = 2, allow_private = true }
links = { include = ["/news/"], exclude = ["/sport/"] }

[[source]]
id = "feed"
kind = "feed"
url = "https://www.paper.example:8443/rss"
manners = { interval_seconds = 9, requests_at_once = 4 }
"""


def test_paths_are_those_beside_the_file(tmp_path: Path) -> None:
    dumps, crawl, *_ = load_catalogue(write(tmp_path, archive=ARCHIVE))

    assert dumps.paths == (tmp_path / "dumps", tmp_path / "more" / "articles.ndjson")
    assert (dumps.ref.url, dumps.urls) == (None, ())
    assert crawl.paths == (tmp_path / "crawl.warc.gz",)
    assert crawl.urls == ("s3://bucket/crawl.warc.gz", "https://crawl.example/list.txt")
    assert (crawl.slowest_seconds, crawl.file) == (172_800, tmp_path / "archive.toml")


def test_what_a_front_page_says_is_read(tmp_path: Path) -> None:
    front = load_catalogue(write(tmp_path, archive=ARCHIVE))[2]

    assert (front.title, front.site, front.categories) == (
        "World",
        "https://paper.example/",
        ("World/Asia", "Daily"),
    )
    assert (front.links.include, front.links.exclude, front.slowest_seconds) == (
        ("/news/",),
        ("/sport/",),
        7200,
    )


def test_of_several_manners_for_a_host_the_politest_count(tmp_path: Path) -> None:
    entries = load_catalogue(write(tmp_path, archive=ARCHIVE))
    manners = host_manners(entries)

    assert sorted(manners) == ["bucket", "crawl.example", "www.paper.example"]
    assert manners["www.paper.example"].interval_seconds == 9
    assert manners["www.paper.example"].requests_at_once == 2
    assert private_hosts(entries) == ("www.paper.example",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('paths = ["dumps", "more/articles.ndjson"]', ""), r"source\[0\] \(dumps\): has no path; add paths"),
        (
            ('paths = ["dumps"', 'url = "https://a.example/"\npaths = ["dumps"'),
            "kind files reads paths; remove url",
        ),
        (
            ('kind = "warc"', 'kind = "page"'),
            r"\(crawl\): paths are for the kinds files and warc, not for page",
        ),
        (("= 7200", "= 60"), r"\(front\): slowest_seconds \(60\) is less than cadence_seconds \(900\)"),
        (
            ('["/news/"]', '["/news/("]'),
            r"links\.include\[0\]: '/news/\(' is no regular expression: .*; mend it",
        ),
        (('["/sport/"]', '["/sport/", 7]'), r"links\.exclude\[1\]: Expected `str`.*must match none"),
        (("https://www.paper.example:8443/rss", "https://[rss"), "names no host; write it as in https://"),
        (("https://www.paper.example:8443/rss", "s3://bucket/rss"), r"source\[3\]\.url"),
        (('kind = "feed"', 'kind = "api"'), r"kind api needs to be told how .*; add \[source\.api\]"),
        (
            ("allow_private = true", "allow_private = 1"),
            r"source\[2\]\.manners\.allow_private: .*private or loop",
        ),
        (("interval_seconds = 5", "interval_seconds = 5000"), r"manners\.interval_seconds: .*Least pause"),
        (
            ("categories = [", "categorys = ["),
            r"unknown field `categorys`; remove it, or write one of id, kind",
        ),
    ],
)
def test_what_does_not_go_together_is_told_with_its_remedy(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    write(tmp_path, archive=ARCHIVE.replace(*change))

    with pytest.raises(ConfigurationError, match=rf"archive\.toml: .*{said}"):
        load_catalogue(tmp_path)


def test_every_key_of_a_source_has_its_meaning_for_a_message() -> None:
    assert [name for name in SourceFacts.__struct_fields__ if not meaning(f"source[3].{name}")] == []
    assert meaning("source[3].nothing") is None


STARTER = REPOSITORY / "sources"


def test_the_starter_catalogue_loads_and_is_switched_off() -> None:
    entries = load_catalogue(STARTER)

    assert len({entry.publisher.id for entry in entries}) >= 40
    assert [entry.id for entry in entries if entry.enabled] == []


def test_the_starter_catalogue_speaks_many_languages() -> None:
    languages = {(entry.publisher.language or "").partition("-")[0] for entry in load_catalogue(STARTER)}

    assert {"ar", "ja", "es", "pt", "de", "fr", "hi", "zh", "sw", "en"} <= languages


def test_a_file_of_the_starter_catalogue_is_called_by_its_publisher() -> None:
    named = {(entry.file.stem, entry.publisher.id) for entry in load_catalogue(STARTER) if entry.file}

    assert [pair for pair in sorted(named) if not pair[0].startswith(pair[1])] == []
