import json
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ingestion.errors import ConfigurationError
from ingestion.sources.catalogue import file_schema, load_catalogue

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
    assert (feed.cadence_seconds, feed.recheck_seconds, feed.enabled) == (900, 3600, True)
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
