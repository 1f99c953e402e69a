"""What an export says of itself: which files are in it, and how to check them."""

import hashlib
from datetime import date, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from ingestion.errors import Unreadable
from ingestion.lake.durable import write_atomically

NAME = "_manifest.json"
FORMAT_VERSION = 1


class Audited(Struct, frozen=True, kw_only=True):
    """The audit of a day, in short; only where it judged as many rows as are exported."""

    audit_id: str
    audited_at: datetime
    passed: bool
    not_met: tuple[str, ...]


class ExportedFile(Struct, frozen=True, kw_only=True):
    """One file; `path` is relative to the folder of the manifest.

    `source` is a digest of the names of the lake's data files, `records` one of the records of the log,
    in whatever order; the contract and the rights profile are part of both. The first tells a day that
    was not touched, the second one that was only compacted. The lake's rows of the day are `lake_rows`:
    those exported, and those `withheld`, by reason. None where an older version did not count them.
    """

    path: str
    day: date
    rows: int
    bytes: int
    sha256: str
    source: str = ""
    records: str = ""
    audit: Audited | None = None
    lake_rows: int | None = None
    withheld: dict[str, int] = {}

    @property
    def rows_of_day(self) -> int:
        """The rows that the lake had of the day."""
        return self.rows if self.lake_rows is None else self.lake_rows


class ProfileRef(Struct, frozen=True, kw_only=True):
    """The rights profile by which rows were chosen, and the digest of its rules."""

    name: str = "all"
    means: str = ""
    fingerprint: str = ""


class ContractRef(Struct, frozen=True, kw_only=True):
    """The contract that the rows follow, and the fingerprint it is locked with."""

    name: str
    version: int
    fingerprint: str


class Manifest(Struct, frozen=True, kw_only=True):
    """An export as a whole. Files that are not named here are not part of it.

    `withheld` counts, by reason, the rows of all its days that the profile keeps back.
    """

    format_version: int = FORMAT_VERSION
    contract: ContractRef | None = None
    profile: ProfileRef = ProfileRef()
    withheld: dict[str, int] = {}
    code_version: str = ""
    lake_version: int | None = None
    written_at: datetime | None = None
    files: tuple[ExportedFile, ...] = ()

    @property
    def rows(self) -> int:
        """All rows of the export."""
        return sum(file.rows for file in self.files)

    @property
    def bytes(self) -> int:
        """All bytes of the export's files."""
        return sum(file.bytes for file in self.files)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an export; an empty one where there is none yet. Raises `Unreadable`."""
    path = folder / NAME
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest()
    except msgspec.DecodeError as error:
        raise Unreadable(f"{path} is no manifest of an export: {error}") from error
    if manifest.format_version != FORMAT_VERSION or manifest.contract is None:
        raise Unreadable(f"{path} is no manifest of format {FORMAT_VERSION}: {manifest.format_version}")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest as a whole, durably."""
    write_atomically(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def verify(folder: Path) -> list[str]:
    """Compute checksums and row counts again; return what is wrong, one sentence each."""
    if not (folder / NAME).exists():
        return [f"{NAME} is missing"]
    files = read_manifest(folder).files
    named = {file.path for file in files}
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))
    strays = [f"{path} is not in the manifest" for path in found if path not in named]
    return [*(fault for file in files for fault in _faults(folder, file)), *strays]


def checksum(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _faults(folder: Path, file: ExportedFile) -> list[str]:
    path = folder / file.path
    if not path.exists():
        return [f"{file.path} is missing"]
    if path.stat().st_size != file.bytes:
        return [f"{file.path} has {path.stat().st_size} bytes, not {file.bytes}"]
    if checksum(path) != file.sha256:
        return [f"{file.path} has another checksum than it was written with"]
    rows = _rows(path)
    if rows != file.rows:
        return [f"{file.path} has {rows} rows, not {file.rows}"]
    balanced = file.rows + sum(file.withheld.values()) == file.rows_of_day
    return [] if balanced else [f"{file.path}: its rows and those withheld are not {file.lake_rows}"]


def _rows(path: Path) -> int:
    import pyarrow.parquet as pq

    rows: int = pq.read_metadata(path).num_rows
    return rows
