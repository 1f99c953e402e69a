import json
from pathlib import Path

from ingestion.search.embedded.fields import name_of
from ingestion.search.mapping import FACETS, KEYED, WEIGHTS, Kind, leaves, template
from ingestion.search.query import ATTRIBUTES, Facet

ROOT = Path(__file__).parents[3]


def test_the_committed_template_is_what_the_contract_gives() -> None:
    committed = json.loads((ROOT / "schemas" / "elasticsearch-articles.v1.json").read_text(encoding="utf-8"))

    assert committed == template()


def test_each_kind_of_field_is_mapped_by_its_annotation() -> None:
    mappings = template()["template"]["mappings"]
    fields = mappings["properties"]

    assert mappings["dynamic"] == "strict"
    assert fields["body"]["type"] == "text"
    assert fields["body"]["fields"]["cjk"] == {"type": "text", "analyzer": "cjk"}
    assert fields["article_id"]["type"] == "keyword"
    assert fields["authors"]["fields"]["key"]["normalizer"] == "folded"
    assert fields["published"]["properties"]["at"] == fields["fetched_at"] == {"type": "date"}
    assert fields["modified"] == fields["published"]
    assert fields["discovered_url"] == {"type": "keyword", "index": False, "doc_values": False}
    assert fields["paragraphs"] == fields["provenance"] == {"type": "object", "enabled": False}
    assert fields["images"]["properties"]["caption"]["type"] == "text"
    assert fields["rights"]["properties"]["tdm_reservation"] == {"type": "boolean"}
    assert fields["lineage"]["properties"]["offset"] == {"type": "long"}


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
