"""The saved objects are whole: references and fields resolve, and the file is what the code prints."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingestion.kibana.dashboard import ARTICLES, PANELS, REJECTED
from ingestion.kibana.objects import ndjson, saved_objects
from ingestion.search.rejected_mapping import rejected_template

ROOT = Path(__file__).parents[2]
GRID_WIDTH = 48
OBJECTS = saved_objects()
CHARTS = [found for found in OBJECTS if found["type"] == "lens"]


def json_of(path: str) -> Any:
    return json.loads((ROOT / path).read_text(encoding="utf-8"))


def mapped(properties: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in properties.items():
        yield f"{prefix}{name}", field
        yield from mapped(field.get("properties", {}), f"{prefix}{name}.")


ARTICLE_TEMPLATE = json_of("schemas/elasticsearch-articles.v1.json")
KINDS = {"keyword": "string", "date": "date", "integer": "number", "long": "number", "double": "number"}
"""What Lens calls the types of Elasticsearch that it can count by."""


def countable(template: dict[str, Any]) -> dict[str, str]:
    return {
        name: KINDS[field["type"]]
        for name, field in mapped(template["template"]["mappings"]["properties"])
        if field.get("type") in KINDS and field.get("doc_values", True)
    }


FIELDS = {ARTICLES.id: countable(ARTICLE_TEMPLATE), REJECTED.id: countable(rejected_template())}


def test_a_data_view_reads_the_alias_of_its_template() -> None:
    assert ARTICLE_TEMPLATE["index_patterns"] == [f"{ARTICLES.index}-*"]
    assert rejected_template()["index_patterns"] == [f"{REJECTED.index}-*"]


def test_the_file_is_what_the_code_prints() -> None:
    assert (ROOT / "docker/kibana/news.ndjson").read_bytes() == ndjson()


def test_each_line_is_one_object() -> None:
    lines = ndjson().decode().splitlines()

    assert [json.loads(line) for line in lines] == OBJECTS


def test_no_two_objects_have_one_identity() -> None:
    identities = [(found["type"], found["id"]) for found in OBJECTS]

    assert len(set(identities)) == len(identities)


def test_what_is_referred_to_comes_first() -> None:
    seen: set[tuple[str, str]] = set()
    for found in OBJECTS:
        assert {(ref["type"], ref["id"]) for ref in found["references"]} <= seen
        seen.add((found["type"], found["id"]))


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart["id"])
def test_a_chart_uses_fields_that_can_be_counted(chart: dict[str, Any]) -> None:
    [reference] = chart["references"]
    types = FIELDS[reference["id"]]
    [layer] = chart["attributes"]["state"]["datasourceStates"]["formBased"]["layers"].values()
    for column in layer["columns"].values():
        if column["operationType"] == "count":
            assert column["sourceField"] == "___records___"
        elif column["operationType"] == "unique_count":
            assert column["sourceField"] in types
        else:
            assert types[column["sourceField"]] == column["dataType"]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart["id"])
def test_a_chart_arranges_exactly_the_columns_it_has(chart: dict[str, Any]) -> None:
    state = chart["attributes"]["state"]
    [(layer_id, layer)] = state["datasourceStates"]["formBased"]["layers"].items()
    arranged = json.dumps(state["visualization"])

    assert chart["references"][0]["name"] == f"indexpattern-datasource-layer-{layer_id}"
    assert f'"layerId": "{layer_id}"' in arranged
    assert sorted(layer["columnOrder"]) == sorted(layer["columns"])
    assert all(f'"{column}"' in arranged for column in layer["columns"])


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart["id"])
def test_values_are_ordered_by_a_column_of_the_chart(chart: dict[str, Any]) -> None:
    [layer] = chart["attributes"]["state"]["datasourceStates"]["formBased"]["layers"].values()
    ordered_by = [
        column["params"]["orderBy"]["columnId"]
        for column in layer["columns"].values()
        if column["operationType"] == "terms"
    ]

    assert set(ordered_by) <= set(layer["columns"])


def test_time_fields_are_times() -> None:
    for view in (ARTICLES, REJECTED):
        assert FIELDS[view.id][view.time_field] == "date"


def test_every_panel_finds_its_chart() -> None:
    dashboard = OBJECTS[-1]
    references = {ref["name"]: ref["id"] for ref in dashboard["references"]}
    panels = json.loads(dashboard["attributes"]["panelsJSON"])
    found = [references[f"{panel['panelIndex']}:{panel['panelRefName']}"] for panel in panels]

    assert sorted(found) == sorted(chart["id"] for chart in CHARTS)


def test_panels_fit_on_the_grid_and_do_not_overlap() -> None:
    taken = [
        (x, y)
        for panel in PANELS
        for x in range(panel.x, panel.x + panel.width)
        for y in range(panel.y, panel.y + panel.height)
    ]

    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < GRID_WIDTH
