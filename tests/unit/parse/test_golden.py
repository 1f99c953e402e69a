"""Golden documents: each input beside what must come of it. Floors rise, they never fall silently."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingestion.article import Article, Document, Drop
from ingestion.parse import parse

GOLDEN = Path(__file__).parents[2] / "golden"
CASES = sorted(path for path in GOLDEN.glob("*/*") if not path.name.endswith(".expected.json"))
FIELDS = (
    *(
        "canonical_url",
        "headline",
        "alternative_headlines",
        "abstract",
        "paragraphs",
        "images",
        "comment_count",
    ),
    *("authors", "byline", "credits", "dateline", "published", "modified", "section", "genre", "keywords"),
    *("rights", "provenance"),
)
ALWAYS = ("language", "warnings", "removed")
DEFAULTS = {
    "document_id": "d",
    "run_id": "r",
    "source": {"id": "s", "kind": "files"},
    "publisher": {"id": "publisher"},
    "locator": "l",
    "fetched_at": "2026-11-20T12:00:00Z",
    "body": "",
}


def expected_of(path: Path) -> dict[str, Any]:
    text = path.with_name(f"{path.stem}.expected.json").read_text(encoding="utf-8")
    expected: dict[str, Any] = json.loads(text)
    return expected


def parsed(path: Path) -> Article | Drop:
    stated = {**DEFAULTS, "kind": path.parent.name, **expected_of(path).get("document", {})}
    document = msgspec.convert(stated, Document, strict=False)
    return parse(msgspec.structs.replace(document, body=path.read_bytes()))


def told(article: Article) -> dict[str, Any]:
    """Return every field that the parser sets and that is not empty."""
    record: dict[str, Any] = json.loads(msgspec.json.encode(article))
    extraction = record["extraction"]
    record |= {
        "language": record["language"] and record["language"]["code"],
        "warnings": extraction["warnings"],
        "removed": [[entry["line"], entry["rule"], entry["text"]] for entry in extraction["removed"]],
        "rights": {name: value for name, value in record["rights"].items() if value not in (None, [])},
        "paragraphs": [[block["role"], block["text"]] for block in record["paragraphs"]],
    }
    return {field: record[field] for field in (*FIELDS, *ALWAYS) if record[field] or field in ALWAYS}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_golden_document_becomes_what_stands_beside_it(path: Path) -> None:
    expected = expected_of(path)
    result = parsed(path)

    if isinstance(result, Drop):
        assert result.label == expected["drop"]
    else:
        assert told(result) == expected["article"]


@pytest.mark.parametrize(
    "path",
    [path for path in CASES if "drop" not in expected_of(path)],
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_the_body_is_its_paragraphs_and_nothing_is_an_empty_string(path: Path) -> None:
    result = parsed(path)
    assert isinstance(result, Article)
    record = json.loads(msgspec.json.encode(result))
    for later in ("article_id", "content_hash", "lineage"):
        del record[later]

    assert result.body == "\n\n".join(block.text for block in result.paragraphs)
    assert '""' not in json.dumps(record)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("text/*.txt")), ids=lambda path: path.stem)
def test_every_line_of_a_text_is_kept_or_accounted_for(path: Path) -> None:
    result = parsed(path)
    assert isinstance(result, Article)
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = f"{result.headline}{result.body}".replace(" ", "").replace("\n", "")
    gone = {entry.line for entry in result.extraction.removed}
    lost = [
        line
        for number, line in enumerate(lines, start=1)
        if number not in gone and line.strip(" •>").replace(" ", "") not in kept
    ]

    assert lost == []
