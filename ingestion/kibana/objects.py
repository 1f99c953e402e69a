"""The saved objects, in the form that Kibana's import takes: one JSON object a line (NDJSON).

`python -m ingestion.kibana.objects` prints them; `docker/kibana/news.ndjson` is what it printed. Versions
are the lowest whose form this is: Kibana brings older objects up to its own, and refuses newer ones.
"""

import json
import sys
from typing import Any

from ingestion.kibana.charts import LAYER, Chart
from ingestion.kibana.dashboard import (
    DASHBOARD_DESCRIPTION,
    DASHBOARD_ID,
    DASHBOARD_TITLE,
    PANELS,
    VIEWS,
    DataView,
    Panel,
)

CORE_VERSION = "8.8.0"
VIEW_VERSION, LENS_VERSION, DASHBOARD_VERSION = "8.0.0", "8.9.0", "8.9.0"
NO_QUERY = {"query": "", "language": "kuery"}


def saved_objects() -> list[dict[str, Any]]:
    """List them; what is referred to comes before what refers to it."""
    return [
        *(_data_view(view) for view in VIEWS),
        *(_lens(panel.chart) for panel in PANELS),
        _dashboard(PANELS),
    ]


def ndjson() -> bytes:
    """Encode them, the same bytes every time."""
    return b"".join(f"{_json(found)}\n".encode() for found in saved_objects())


def _data_view(view: DataView) -> dict[str, Any]:
    attributes = {
        "title": view.index,
        "name": view.name,
        "timeFieldName": view.time_field,
        "fields": "[]",
        "fieldAttrs": "{}",
        "fieldFormatMap": _json({field: {"id": "url", "params": {}} for field in view.url_fields}),
        "runtimeFieldMap": "{}",
        "sourceFilters": "[]",
        "typeMeta": "{}",
    }
    return _object("index-pattern", view.id, VIEW_VERSION, attributes, [])


def _lens(chart: Chart) -> dict[str, Any]:
    layer = {
        "columns": {column.id: column.as_lens() for column in chart.columns},
        "columnOrder": [column.id for column in chart.columns],
        "incompleteColumns": {},
        "sampling": 1,
    }
    attributes = {
        "title": chart.title,
        "description": chart.description,
        "visualizationType": chart.kind,
        "state": {
            "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
            "visualization": chart.visualization,
            "query": NO_QUERY,
            "filters": [],
            "internalReferences": [],
            "adHocDataViews": {},
        },
    }
    reference = {
        "type": "index-pattern",
        "id": chart.view_id,
        "name": f"indexpattern-datasource-layer-{LAYER}",
    }
    return _object("lens", chart.id, LENS_VERSION, attributes, [reference])


def _dashboard(panels: tuple[Panel, ...]) -> dict[str, Any]:
    attributes = {
        "title": DASHBOARD_TITLE,
        "description": DASHBOARD_DESCRIPTION,
        "timeRestore": True,
        "timeFrom": "now-30d/d",
        "timeTo": "now",
        "refreshInterval": {"pause": False, "value": 60_000},  # milliseconds
        "optionsJSON": _json(
            {"useMargins": True, "syncColors": True, "syncCursor": True, "hidePanelTitles": False}
        ),
        "kibanaSavedObjectMeta": {"searchSourceJSON": _json({"query": NO_QUERY, "filter": []})},
        "panelsJSON": _json([_panel(panel) for panel in panels]),
        "version": 1,
    }
    references = [
        {"type": "lens", "id": panel.chart.id, "name": f"{panel.chart.id}:panel_{panel.chart.id}"}
        for panel in panels
    ]
    return _object("dashboard", DASHBOARD_ID, DASHBOARD_VERSION, attributes, references)


def _panel(panel: Panel) -> dict[str, Any]:
    index = panel.chart.id
    return {
        "type": "lens",
        "panelIndex": index,
        "panelRefName": f"panel_{index}",
        "gridData": {"x": panel.x, "y": panel.y, "w": panel.width, "h": panel.height, "i": index},
        "embeddableConfig": {"enhancements": {}},
    }


def _object(
    kind: str, object_id: str, version: str, attributes: dict[str, Any], references: list[dict[str, str]]
) -> dict[str, Any]:
    return {
        "type": kind,
        "id": object_id,
        "attributes": attributes,
        "references": references,
        "coreMigrationVersion": CORE_VERSION,
        "typeMigrationVersion": version,
        "managed": False,
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    sys.stdout.buffer.write(ndjson())
