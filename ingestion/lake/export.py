"""Plain Parquet by day, for readers without the lake's library: checksummed, and never half there."""

import fcntl
import hashlib
import os
from collections import Counter
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
    ProfileRef,
    checksum,
    read_manifest,
    verify,
    write_manifest,
)
from ingestion.lake.parquet import IDENTITY, Records, write_day
from ingestion.lake.profiles import ALL, Profile, profiles
from ingestion.lake.reader import DayFiles, LakeReader
from ingestion.lake.report import AuditReport
from ingestion.lake.table import CONTRACT, DAY

__all__ = ["ExportReport", "ExportedFile", "Manifest", "export_articles", "read_manifest", "verify"]


class ExportReport(Struct, frozen=True, kw_only=True):
    """What a run did: files written, and days left as they were, held back, or gone from the lake.

    A day is withheld where its newest audit did not pass; what was exported of it before stays.
    `withheld_rows` counts, by reason, what the rights profile keeps back of all days in the export.
    `manifest` is the path of the manifest.
    """

    profile: str
    files: tuple[ExportedFile, ...]
    unchanged_days: tuple[date, ...]
    withheld_days: tuple[date, ...]
    removed_days: tuple[date, ...]
    withheld_rows: dict[str, int]
    manifest: str


def export_articles(
    reader: LakeReader,
    folder: Path,
    audits: Mapping[date, AuditReport] | None = None,
    profile: Profile | None = None,
) -> ExportReport:
    """Bring the export up to what the lake holds, but for days whose audit in `audits` did not pass.

    Without a `profile` it holds all articles.

    1. Each changed day is written beside its old file and forced to the disk.
    2. The manifest moves to the new files at one stroke.
    3. Files that the manifest does not name are taken away.

    A day with the same records keeps its file byte for byte, also after a compaction of the lake; a day
    is written again where the rules of the profile have changed. Killed anywhere, the next run ends where
    an undisturbed one would have. Raises `Unavailable`, `Unreadable`, and `ConfigurationError` where there
    is an export and no lake, or one by another profile.
    """
    audits = audits or {}
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        export = _Export(reader, folder, profile or profiles()[ALL])
        days = reader.days()
        withheld = tuple(day.day for day in days if day.day in audits and not audits[day.day].passed)
        kept, written = export.brought_up_to_date([day for day in days if day.day not in withheld])
        kept |= {day: export.known[day] for day in withheld if day in export.known}
        files = _with_audits(kept | written, audits)
        export.publish(files)
    return ExportReport(
        profile=export.profile.name,
        files=tuple(file for file in files if file.day in written),
        unchanged_days=tuple(sorted(kept.keys() - set(withheld))),
        withheld_days=withheld,
        removed_days=tuple(sorted(export.known.keys() - {day.day for day in days})),
        withheld_rows=_withheld(files),
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


class _Export:
    """One folder as it stands, and the lake and the profile that it is brought up to."""

    def __init__(self, reader: LakeReader, folder: Path, profile: Profile) -> None:
        self.reader, self.folder, self.profile = reader, folder, profile
        self.before = read_manifest(folder)
        self.known = {file.day: file for file in self.before.files}
        self._refuse_what_is_another()

    def brought_up_to_date(
        self, days: list[DayFiles]
    ) -> tuple[dict[date, ExportedFile], dict[date, ExportedFile]]:
        """Return the files that stay, and those that are written."""
        kept, written = {}, {}
        for day in days:
            if file := self._kept(day, self.known.get(day.day)):
                kept[day.day] = file
            else:
                written[day.day] = self._write(day, self.folder / f"{DAY}={day.day}")
        return kept, written

    def publish(self, files: tuple[ExportedFile, ...]) -> None:
        """Move the manifest, unless it says the same already; then take away what it does not name."""
        now = Manifest(
            contract=_contract(), profile=_reference(self.profile), withheld=_withheld(files), files=files
        )
        same = replace(self.before, code_version="", lake_version=None, written_at=None) == now
        if not (self.folder / NAME).exists() or not same:
            told = {"lake_version": self.reader.version, "written_at": datetime.now(UTC)}
            write_manifest(self.folder, replace(now, code_version=__version__, **told))
        _remove_strays(self.folder, {file.path for file in files})

    def _refuse_what_is_another(self) -> None:
        if self.reader.version is None and self.before.files:
            raise ConfigurationError(
                f"there is no lake, but an export of {self.before.rows} rows in {self.folder}: set NEWS_LAKE "
                "to the lake it was made of, or NEWS_EXPORTS to another folder"
            )
        if self.before.files and self.before.profile.name != self.profile.name:
            raise ConfigurationError(
                f"{self.folder} holds an export by the rights profile {self.before.profile.name}, and its "
                f"readers rely on that; export {self.profile.name} to another folder"
            )

    def _kept(self, day: DayFiles, known: ExportedFile | None) -> ExportedFile | None:
        """Return the file of a day that has not changed; None where it is to be written."""
        if known is None or not _is_whole(self.folder, known):
            return None
        source = self._source(day)
        if known.source == source or self._holds_the_same(day, known):
            return replace(known, source=source)
        return None

    def _source(self, day: DayFiles) -> str:
        """Name contract, profile and the lake's files of a day: the same name, the same rows and columns."""
        choice = [self.profile.fingerprint] if self.profile.fingerprint else []
        named = [_contract().fingerprint, *choice, *day.files]
        return hashlib.sha256("\n".join(named).encode()).hexdigest()

    def _holds_the_same(self, day: DayFiles, known: ExportedFile) -> bool:
        """Tell a day that was only compacted: other files, the same records under the same contract."""
        if day.rows != known.rows_of_day:
            return False
        records = Records(_contract(), self.profile)
        for batch in self.reader.batches(day.day, IDENTITY):
            records.add(batch)
        return records.digest() == known.records

    def _write(self, day: DayFiles, folder: Path) -> ExportedFile:
        """Write a day under a name made of its content, so that another generation has another name."""
        folder.mkdir(exist_ok=True)
        temporary = folder / f".articles-{os.getpid()}.tmp"
        written = write_day(temporary, self.reader.batches(day.day), _contract(), self.profile)
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
            source=self._source(day),
            records=written.records,
            lake_rows=written.lake_rows,
            withheld=written.withheld,
        )


def _is_whole(folder: Path, file: ExportedFile) -> bool:
    path = folder / file.path
    return path.exists() and path.stat().st_size == file.bytes


def _withheld(files: tuple[ExportedFile, ...]) -> dict[str, int]:
    """Sum up over all days, each reason in the order of the alphabet."""
    total: Counter[str] = Counter()
    for file in files:
        total.update(file.withheld)
    return {reason: total[reason] for reason in sorted(total)}


def _reference(profile: Profile) -> ProfileRef:
    return ProfileRef(name=profile.name, means=profile.means, fingerprint=profile.fingerprint)


def _contract() -> ContractRef:
    contract = schemas.latest(CONTRACT)
    fingerprint = schemas.lock()[contract.name][str(contract.version)]["fingerprint"]
    return ContractRef(name=contract.name, version=contract.version, fingerprint=fingerprint)


def _with_audits(
    files: Mapping[date, ExportedFile], audits: Mapping[date, AuditReport]
) -> tuple[ExportedFile, ...]:
    return tuple(_with_audit(files[day], audits.get(day)) for day in sorted(files))


def _with_audit(file: ExportedFile, audit: AuditReport | None) -> ExportedFile:
    if audit is None or audit.rows != file.rows_of_day:
        return file
    short = Audited(
        audit_id=audit.audit_id,
        audited_at=audit.audited_at,
        passed=audit.passed,
        not_met=tuple(check.expectation for check in audit.failures),
    )
    return replace(file, audit=short)


def _remove_strays(folder: Path, named: set[str]) -> None:
    for path in [*folder.glob(f"{DAY}=*/articles-*.parquet"), *folder.glob(f"{DAY}=*/.articles-*.tmp")]:
        if path.relative_to(folder).as_posix() not in named:
            path.unlink()
    for path in folder.glob(f".{NAME}.*.tmp"):
        path.unlink()
    for day in folder.glob(f"{DAY}=*"):
        if not any(day.iterdir()):
            day.rmdir()
