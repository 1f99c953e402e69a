"""Files of the catalogue are written so that their owners find them as they left them."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.errors import ConfigurationError
from ingestion.sources.catalogue import read_file
from ingestion.sources.catalogue_file import append_sources, render_file, set_enabled, write_file
from ingestion.sources.facts import Expectation, LinkRules, Manners, PublisherFacts, SourceFacts

FILE = """# Ours since 1871.
[publisher]
id = "harbour"   # never change this

[[source]]
id = "harbour-rss"
kind = "feed"
url = "https://harbour.example/rss"

# The slow one.
[[source]]
id = "harbour-map"
kind = "sitemap"
url = "https://harbour.example/map.xml"
  enabled = true  # for now
[source.expect]
articles_per_day = 2.5
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "harbour.toml"
    file.write_text(FILE, encoding="utf-8")
    return file


def source(source_id: str, **facts: object) -> SourceFacts:
    return SourceFacts(id=source_id, kind="feed", url="https://harbour.example/new", **facts)  # type: ignore[arg-type]


def test_a_source_is_switched_off_by_its_one_line(path: Path) -> None:
    changed = set_enabled(path, "harbour-map", enabled=False)

    assert changed
    assert path.read_text(encoding="utf-8") == FILE.replace("enabled = true  #", "enabled = false  #")


def test_a_source_without_the_line_gets_it(path: Path) -> None:
    set_enabled(path, "harbour-rss", enabled=False)

    assert path.read_text(encoding="utf-8") == FILE.replace(
        '[[source]]\nid = "harbour-rss"', '[[source]]\nenabled = false\nid = "harbour-rss"'
    )


def test_switching_there_and_back_leaves_the_file_as_it_was(path: Path) -> None:
    for enabled in (False, True):
        set_enabled(path, "harbour-map", enabled=enabled)

    assert path.read_text(encoding="utf-8") == FILE
    assert not set_enabled(path, "harbour-map", enabled=True)


def test_line_endings_stay_what_they_are(path: Path) -> None:
    path.write_bytes(FILE.replace("\n", "\r\n").encode())

    set_enabled(path, "harbour-rss", enabled=False)

    assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")


def test_a_file_written_in_another_way_is_left_alone(path: Path) -> None:
    inline = '[publisher]\nid = "h"\n'
    text = 'source = [{ id = "h-1", kind = "feed", url = "https://h.example/" }]\n' + inline
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"write enabled = false there"):
        set_enabled(path, "h-1", enabled=False)
    with pytest.raises(ConfigurationError, match=r"harbour\.toml"):
        append_sources(path, [source("h-2")])
    assert path.read_text(encoding="utf-8") == text


def test_a_header_inside_a_text_is_not_taken_for_one(path: Path) -> None:
    path.write_text(
        FILE.replace("[publisher]", '[publisher]\nname = """\n[[source]]\nenabled = true\n"""'),
        encoding="utf-8",
    )
    before = path.read_text(encoding="utf-8")

    with pytest.raises(ConfigurationError, match="is not edited"):
        set_enabled(path, "harbour-rss", enabled=False)
    assert path.read_text(encoding="utf-8") == before


def test_a_source_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no source 'x' in harbour\.toml"):
        set_enabled(path, "x", enabled=False)


def test_sources_are_added_at_the_end_and_nothing_else_changes(path: Path) -> None:
    append_sources(path, [source("harbour-new", title='Say "News"', categories=("a", "b"))])

    text = path.read_text(encoding="utf-8")
    assert text.startswith(FILE.rstrip("\n"))
    assert [entry.id for entry in read_file(path)] == ["harbour-rss", "harbour-map", "harbour-new"]
    assert read_file(path)[2].title == 'Say "News"'


def test_what_would_not_be_read_is_not_written(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"source\[2\]\.id"):
        append_sources(path, [source("Harbour New")])
    with pytest.raises(ConfigurationError, match="is there already"):
        write_file(path, PublisherFacts(id="x"), [])
    with pytest.raises(ConfigurationError, match=r"publisher\.country"):
        write_file(path.with_name("new.toml"), PublisherFacts(id="x", country="Britain"), [])

    assert path.read_text(encoding="utf-8") == FILE
    assert [file.name for file in path.parent.iterdir()] == ["harbour.toml"]


def test_a_link_to_a_file_stays_a_link(path: Path) -> None:
    link = path.with_name("linked.toml")
    link.symlink_to(path)

    set_enabled(link, "harbour-map", enabled=False)

    assert link.is_symlink()
    assert not read_file(path)[1].enabled


def test_the_mode_of_a_file_stays(path: Path) -> None:
    path.chmod(0o640)

    set_enabled(path, "harbour-map", enabled=False)

    assert path.stat().st_mode & 0o777 == 0o640


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(name=TEXT, title=TEXT, categories=st.lists(TEXT, max_size=3), enabled=st.booleans())
def test_whatever_is_written_is_read_as_it_was(
    name: str, title: str, categories: list[str], *, enabled: bool
) -> None:
    facts = source(
        "s-1",
        title=title,
        categories=tuple(categories),
        enabled=enabled,
        expect=Expectation(articles_per_day=1.5),
        manners=Manners(interval_seconds=2.0),
        links=LinkRules(include=(r"/\d+$", title)),
    )

    read = tomllib.loads(render_file(PublisherFacts(id="p", name=name), [facts]))

    assert read["publisher"] == {"id": "p", "name": name}
    assert read["source"][0] == {
        "id": "s-1",
        "kind": "feed",
        "url": "https://harbour.example/new",
        "title": title,
        **({"categories": categories} if categories else {}),
        "enabled": enabled,
        "expect": {"articles_per_day": 1.5},
        "manners": {"interval_seconds": 2.0},
        "links": {"include": [r"/\d+$", title]},
    }
