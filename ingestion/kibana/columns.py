"""Columns of a Lens chart: a column is what is counted, or what it is counted by.

The form is that of Kibana's own exports of saved objects of the type `lens`, data source `formBased`.
"""

from typing import Any

from msgspec import Struct

RECORDS = "___records___"
"""Lens's name for the documents themselves, where no field is counted."""


class Column(Struct, frozen=True, kw_only=True):
    """One column. `field` is None where documents are counted; a bucket splits, a metric measures."""

    id: str
    field: str | None
    bucket: bool
    state: dict[str, Any]

    def as_lens(self) -> dict[str, Any]:
        """Return it as Lens keeps it."""
        return {
            "customLabel": True,
            "isBucketed": self.bucket,
            "sourceField": self.field or RECORDS,
            **self.state,
        }


def count(label: str) -> Column:
    """Count documents."""
    return _metric("count", None, label, operation="count")


def distinct(field: str, label: str) -> Column:
    """Count the different values of a field."""
    return _metric("distinct", field, label, operation="unique_count")


def newest(field: str, label: str) -> Column:
    """Take the latest value of a time."""
    return Column(
        id=f"newest-{field}",
        field=field,
        bucket=False,
        state={"label": label, "dataType": "date", "operationType": "max", "scale": "ratio", "params": {}},
    )


def by_day(field: str, label: str) -> Column:
    """Split by calendar day, in the time zone of whoever looks."""
    return Column(
        id=f"day-{field}",
        field=field,
        bucket=True,
        state={
            "label": label,
            "dataType": "date",
            "operationType": "date_histogram",
            "scale": "interval",
            "params": {"interval": "1d", "includeEmptyRows": True, "dropPartials": False},
        },
    )


def by_value(field: str, label: str, *, size: int, other: bool = True) -> Column:
    """Split by the commonest values of a keyword field; the rest goes together as "Other"."""
    return Column(
        id=f"value-{field}",
        field=field,
        bucket=True,
        state={
            "label": label,
            "dataType": "string",
            "operationType": "terms",
            "scale": "ordinal",
            "params": {
                "size": size,
                "orderBy": {"type": "column", "columnId": "count"},
                "orderDirection": "desc",
                "otherBucket": other,
                "missingBucket": False,
                "parentFormat": {"id": "terms"},
                "include": [],
                "exclude": [],
                "includeIsRegex": False,
                "excludeIsRegex": False,
            },
        },
    )


def _metric(column_id: str, field: str | None, label: str, *, operation: str) -> Column:
    return Column(
        id=column_id,
        field=field,
        bucket=False,
        state={
            "label": label,
            "dataType": "number",
            "operationType": operation,
            "scale": "ratio",
            "params": {"emptyAsNull": False},
        },
    )
