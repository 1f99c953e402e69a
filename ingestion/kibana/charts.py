"""Kinds of Lens charts: how each arranges its columns."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from ingestion.kibana.columns import Column

LAYER = "layer"
"""Every chart of ours has one layer, and this is its id."""


class Chart(Struct, frozen=True, kw_only=True):
    """One chart over one data view; `kind` is Lens's name of the visualisation."""

    id: str
    title: str
    description: str
    view_id: str
    kind: str
    columns: tuple[Column, ...]
    visualization: dict[str, Any]


class About(Struct, frozen=True, kw_only=True):
    """What a chart is called, what it tells, and of which data view."""

    id: str
    title: str
    description: str
    view_id: str


def number(about: About, measured: Column) -> Chart:
    """Show one number."""
    return _chart(about, "lnsMetric", [measured], {**_layer(), "metricAccessor": measured.id})


def bars(about: About, measured: Column, *, along: Column, split: Column, horizontal: bool = False) -> Chart:
    """Stack bars along an axis, each split by a second column."""
    series = "bar_horizontal_stacked" if horizontal else "bar_stacked"
    layer = {
        **_layer(),
        "seriesType": series,
        "xAccessor": along.id,
        "splitAccessor": split.id,
        "accessors": [measured.id],
        "position": "top",
        "showGridlines": False,
    }
    visualization = {
        "legend": {"isVisible": True, "position": "right"},
        "valueLabels": "hide",
        "fittingFunction": "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": True, "yRight": True},
        "tickLabelsVisibilitySettings": {"x": True, "yLeft": True, "yRight": True},
        "gridlinesVisibilitySettings": {"x": True, "yLeft": True, "yRight": True},
        "labelsOrientation": {"x": 0, "yLeft": 0, "yRight": 0},
        "preferredSeriesType": series,
        "layers": [layer],
    }
    return _chart(about, "lnsXY", [along, split, measured], visualization)


def ring(about: About, measured: Column, *, split: Column) -> Chart:
    """Show shares of a whole."""
    layer = {
        **_layer(),
        "primaryGroups": [split.id],
        "metrics": [measured.id],
        "numberDisplay": "percent",
        "categoryDisplay": "default",
        "legendDisplay": "default",
    }
    return _chart(about, "lnsPie", [split, measured], {"shape": "donut", "layers": [layer]})


def table(about: About, columns: Sequence[Column]) -> Chart:
    """Show rows; the buckets come first."""
    return _chart(
        about, "lnsDatatable", columns, {**_layer(), "columns": [{"columnId": c.id} for c in columns]}
    )


def _layer() -> dict[str, Any]:
    return {"layerId": LAYER, "layerType": "data"}


def _chart(about: About, kind: str, columns: Sequence[Column], visualization: dict[str, Any]) -> Chart:
    return Chart(
        id=about.id,
        title=about.title,
        description=about.description,
        view_id=about.view_id,
        kind=kind,
        columns=tuple(columns),
        visualization=visualization,
    )
