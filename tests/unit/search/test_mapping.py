import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion.article import SourceRef
from ingestion.search.analysis import SNOWBALL
from ingestion.search.embedded.fields import name_of
from ingestion.search.mapping import FACETS, KEYED, WEIGHTS, Kind, leaves, template
from ingestion.search.query import ATTRIBUTES, Facet
from ingestion.search.rejected_mapping import PROPERTIES, rejected_template
from schemas import latest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("name", "made"), [("articles", template), ("rejected", rejected_template)])
def test_the_committed_template_is_what_the_contract_gives(
    name: str, made: Callable[[], dict[str, Any]]
) -> None:
    path = ROOT / "schemas" / f"elasticsearch-{name}.v1.json"
    committed = json.loads(path.read_text(encoding="utf-8"))

    assert committed == made()


def test_the_rejections_have_the_fields_of_their_contract_but_for_bytes_and_headers() -> None:
    contract = {field["name"] for field in latest("rejected").schema["fields"]}

    assert set(PROPERTIES) == contract - {"payload", "headers"}
    assert set(PROPERTIES["source"]["properties"]) == set(SourceRef.__struct_fields__)


def test_each_kind_of_field_is_mapped_by_its_annotation() -> None:
    mappings = template()["template"]["mappings"]
    fields = mappings["properties"]

    assert mappings["dynamic"] == "strict"
    assert fields["body"] == {"type": "text", "analyzer": "folded"}
    assert fields["article_id"]["type"] == "keyword"
    assert fields["authors"]["fields"]["key"]["normalizer"] == "folded"
    assert fields["published"]["properties"]["at"] == fields["fetched_at"] == {"type": "date"}
    assert fields["modified"] == fields["published"]
    assert fields["discovered_url"] == {"type": "keyword", "index": False, "doc_values": False}
    assert fields["paragraphs"] == fields["provenance"] == {"type": "object", "enabled": False}
    assert fields["images"]["properties"]["caption"]["type"] == "text"
    assert fields["rights"]["properties"]["tdm_reservation"] == {"type": "boolean"}
    assert fields["lineage"]["properties"]["offset"] == {"type": "long"}


def test_every_text_is_stemmed_in_the_field_of_its_language_and_not_stored_twice() -> None:
    mappings = template()["template"]["mappings"]
    german = mappings["properties"]["stemmed"]["properties"]["de"]["properties"]

    assert mappings["_source"] == {"excludes": ["stemmed"]}
    assert german["body"] == {"type": "text", "analyzer": "stem_de"}
    assert german["images"]["properties"]["caption"] == {"type": "text", "analyzer": "stem_de"}
    assert set(mappings["properties"]["stemmed"]["properties"]) == set(SNOWBALL)


def test_every_text_has_a_weight_and_nothing_else_has() -> None:
    assert {leaf.path for leaf in leaves() if leaf.kind is Kind.TEXT} == set(WEIGHTS)


def test_every_facet_is_a_searchable_leaf() -> None:
    kinds = dict(leaves())

    assert set(FACETS) == set(Facet)
    assert set(ATTRIBUTES) == set(Facet) - {Facet.DAY}
    assert all(kinds[path] is Kind.KEYWORD for path in KEYED)
    assert kinds[FACETS[Facet.DAY]] is Kind.DATE


def test_no_two_leaves_share_a_field_of_the_embedded_index() -> None:
    names = [name_of(leaf.path) for leaf in leaves()]

    assert len(names) == len(set(names))
