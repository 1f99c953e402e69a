"""Arrow tables and constants without pandas.

`pa.table`, `pa.array` and `pa.scalar` load pandas to see whether they were given something of its; that
takes 1.5 s, which every job would pay at its start.
"""

import json
from functools import lru_cache
from io import BytesIO
from typing import Any

import pyarrow as pa
from pyarrow.json import read_json

Constant = bool | int | float | str


@lru_cache(maxsize=None, typed=True)  # True and 1 are equal, and two columns
def constants(*values: Constant) -> pa.Array:
    """Make an array of values of one type; numbers are as wide as JSON has them."""
    lines = "".join(json.dumps({"value": value}) + "\n" for value in values)
    return read_json(BytesIO(lines.encode())).column("value").combine_chunks()


def constant(value: Constant) -> pa.Scalar:
    """Make one value."""
    return constants(value)[0]


def table_from(columns: Any) -> pa.Table:
    """Take over whatever has Arrow's PyCapsule stream, uncopied."""
    return columns if isinstance(columns, pa.Table) else pa.RecordBatchReader.from_stream(columns).read_all()
