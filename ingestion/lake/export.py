"""Plain Parquet by day, for readers without the lake's library: checksummed, and never half there."""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

import schemas
from ingestion import __version__
from ingestion.errors import ConfigurationError
from ingestion.lake.durable import sync
from ingestion.lake.manifest import (
    NAME,
    Audited,
    ContractRef,
    ExportedFile,
    Manifest,
    checksum,
    read_manifest,
    verify,
    write_manifest,
)
from ingestion.lake.parquet import IDENTITY, Records, write_day
from ingestion.lake.reader import DayFiles, LakeReader
from ingestion.lake.report import AuditReport
from ingestion.lake.table import CONTRACT, DAY

__all__ = ["ExportReport", "ExportedFile", "Manifest", "export_articles", "read_manifest", "verify"]


class ExportReport(Struct, frozen=True, kw_only=True):
    """What a run did: files written, and days left as they were, held back, or gone from the lake.

    A day is withheld where its newest audit did not pass; what was exported of it before stays.
    `manifest` is the path of the manifest.
    """

    files: tuple[ExportedFile, ...]
    unchanged_days: tuple[date, ...]
    withheld_days: tuple[date, ...]
    removed_days: tuple[date, ...]
    manifest: str


def export_articles(
    reader: LakeReader, folder: Path, audits: Mapping[date, AuditReport] | None = None
) -> ExportReport:
    """Bring the export up to what the lake holds, but for days whose audit in `audits` did not pass.

    1. Each changed day is written beside its old file and forced to the disk.
    2. The manifest moves to the new files at one stroke.
    3. Files that the manifest does not name are taken away.

    A day with the same records keeps its file byte for byte, also after a compaction of the lake.
    Killed anywhere, the next run ends where an undisturbed one would have. Raises `Unavailable`,
    `Unreadable`, and `ConfigurationError` where there is an export and no lake.
    """
    audits = audits or {}
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        before = read_manifest(folder)
        _refuse_a_lake_that_is_not_there(reader, before, folder)
        known = {file.day: file for file in before.files}
        days = reader.days()
        withheld = tuple(day.day for day in days if day.day in audits and not audits[day.day].passed)
        kept = {day: known[day] for day in withheld if day in known}
        written = {}
        for day in days:
            if day.day in withheld:
                continue
            if file := _kept(reader, day, folder, known.get(day.day)):
                kept[day.day] = file
            else:
                written[day.day] = _write(reader, day, folder / f"{DAY}={day.day}")
        files = _with_audits(kept | written, audits)
        _publish(folder, before, files, reader.version)
    return ExportReport(
        files=tuple(file for file in files if file.day in written),
        unchanged_days=tuple(sorted(kept.keys() - set(withheld))),
        withheld_days=withheld,
        removed_days=tuple(sorted(known.keys() - {day.day for day in days})),
        manifest=str(folder / NAME),
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait for another export of the same folder; the lock is the folder's own and leaves no file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _refuse_a_lake_that_is_not_there(reader: LakeReader, before: Manifest, folder: Path) -> None:
    if reader.version is None and before.files:
        raise ConfigurationError(
            f"there is no lake, but an export of {before.rows} rows in {folder}: set NEWS_LAKE to the lake "
            "it was made of, or NEWS_EXPORTS to another folder"
        )


def _kept(reader: LakeReader, day: DayFiles, folder: Path, known: ExportedFile | None) -> ExportedFile | None:
    """Return the file of a day that has not changed; None where it is to be written."""
    if known is None or not _is_whole(folder, known):
        return None
    source = _source(day)
    if known.source == source or _holds_the_same(reader, day, known):
        return replace(known, source=source)
    return None


def _source(day: DayFiles) -> str:
    """Name the lake's files of a day and the contract: the same name, the same rows and columns."""
    return hashlib.sha256("\n".join([_contract().fingerprint, *day.files]).encode()).hexdigest()


def _is_whole(folder: Path, file: ExportedFile) -> bool:
    path = folder / file.path
    return path.exists() and path.stat().st_size == file.bytes


def _holds_the_same(reader: LakeReader, day: DayFiles, known: ExportedFile) -> bool:
    """Tell a day that was only compacted: other files, the same records under the same contract."""
    if day.rows != known.rows:
        return False
    records = Records(_contract())
    for batch in reader.batches(day.day, IDENTITY):
        records.add(batch)
    return records.digest() == known.records


def _write(reader: LakeReader, day: DayFiles, folder: Path) -> ExportedFile:
    """Write a day under a name made of its content, so that another generation has another name."""
    folder.mkdir(exist_ok=True)
    temporary = folder / f".articles-{os.getpid()}.tmp"
    written = write_day(temporary, reader.batches(day.day), _contract())
    sync(temporary)
    digest = checksum(temporary)
    path = folder / f"articles-{digest[:16]}.parquet"
    temporary.replace(path)
    sync(folder)
    sync(folder.parent)
    return ExportedFile(
        path=f"{folder.name}/{path.name}",
        day=day.day,
        rows=written.rows,
        bytes=path.stat().st_size,
        sha256=digest,
        source=_source(day),
        records=written.records,
    )


def _contract() -> ContractRef:
    contract = schemas.latest(CONTRACT)
    fingerprint = schemas.lock()[contract.name][str(contract.version)]["fingerprint"]
    return ContractRef(name=contract.name, version=contract.version, fingerprint=fingerprint)


def _with_audits(
    files: Mapping[date, ExportedFile], audits: Mapping[date, AuditReport]
) -> tuple[ExportedFile, ...]:
    return tuple(_with_audit(files[day], audits.get(day)) for day in sorted(files))


def _with_audit(file: ExportedFile, audit: AuditReport | None) -> ExportedFile:
    if audit is None or audit.rows != file.rows:
        return file
    short = Audited(
        audit_id=audit.audit_id,
        audited_at=audit.audited_at,
        passed=audit.passed,
        not_met=tuple(check.expectation for check in audit.failures),
    )
    return replace(file, audit=short)


def _publish(
    folder: Path, before: Manifest, files: tuple[ExportedFile, ...], lake_version: int | None
) -> None:
    """Move the manifest, unless it says the same already; then take away what it does not name."""
    contract = _contract()
    if not (folder / NAME).exists() or before.files != files or before.contract != contract:
        manifest = Manifest(
            contract=contract,
            code_version=__version__,
            lake_version=lake_version,
            written_at=datetime.now(UTC),
            files=files,
        )
        write_manifest(folder, manifest)
    _remove_strays(folder, {file.path for file in files})


def _remove_strays(folder: Path, named: set[str]) -> None:
    for path in [*folder.glob(f"{DAY}=*/articles-*.parquet"), *folder.glob(f"{DAY}=*/.articles-*.tmp")]:
        if path.relative_to(folder).as_posix() not in named:
            path.unlink()
    for path in folder.glob(f".{NAME}.*.tmp"):
        path.unlink()
    for day in folder.glob(f"{DAY}=*"):
        if not any(day.iterdir()):
            day.rmdir()
