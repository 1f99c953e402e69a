"""Ask what a contender has left, and count it: files are reopened, an index is asked."""

from pathlib import Path
from typing import NamedTuple

import pyarrow.dataset as ds
from deltalake import DeltaTable
from elasticsearch import Elasticsearch

LAKE = "lake"


class Counted(NamedTuple):
    """Rows, and distinct article ids among them."""

    rows: int
    distinct: int


def counted(folder: Path) -> Counted:
    """Count a Delta table under `lake`, as its log has it, or else every Parquet file in the folder."""
    if (folder / LAKE / "_delta_log").exists():
        files = DeltaTable(str(folder / LAKE)).file_uris()
    else:
        files = [str(path) for path in folder.rglob("*.parquet") if not path.name.startswith(("_", "."))]
    ids = ds.dataset(files).to_table(columns=["article_id"]).column("article_id")
    return Counted(len(ids), len(ids.unique()))


def counted_in(address: str, prefix: str) -> Counted:
    """Count the documents of the indices whose names begin so; an id is there once."""
    with Elasticsearch(address, request_timeout=60) as client:
        client.indices.refresh(index=f"{prefix}*")
        found = client.count(index=f"{prefix}*")["count"]
    return Counted(found, found)


def forget(address: str, prefix: str) -> None:
    """Delete these indices."""
    with Elasticsearch(address, request_timeout=60) as client:
        for name in client.indices.get(index=f"{prefix}*"):
            client.indices.delete(index=name)
