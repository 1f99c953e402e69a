"""Files and folders on disk that a person names: they are read anew each time."""

from collections.abc import Iterator
from pathlib import Path

from ingestion.article import UNKNOWN, Drop, Outcome, Publisher, SourceRef
from ingestion.source_ports import Visit
from ingestion.sources.contents import Result
from ingestion.sources.documents import Origin, wellformed
from ingestion.sources.file_reader import FileReader
from ingestion.sources.limits import Limits

__all__ = ["FileReader", "FilesSource", "is_outside", "offered"]

LINK_OUTSIDE = Drop(Outcome.DROPPED, "link_outside")


class FilesSource:
    """A `Source` over one file or all files below a folder, hidden ones left out, in sorted order."""

    def __init__(self, root: Path, *, limits: Limits | None = None, publisher: Publisher = UNKNOWN) -> None:
        self._root = root
        self._limits = limits or Limits()
        self._publisher = publisher

    @property
    def ref(self) -> SourceRef:
        """Its identity: the path as it was given."""
        return SourceRef(id=wellformed(f"files:{self._root.as_posix()}"), kind="files")

    @property
    def publisher(self) -> Publisher:
        """Whom everything here is from, where that was said."""
        return self._publisher

    def visits(self, run_id: str) -> Iterator[Visit]:
        """Read each file once."""
        reader = FileReader(Origin(source=self.ref, publisher=self._publisher, run_id=run_id), self._limits)
        for path, locator in offered(self._root):
            for result in self._read(reader, path, locator):
                yield Visit(result=result)

    def settle(self) -> None:
        """Nothing is remembered of files: they are read anew each time."""

    def _read(self, reader: FileReader, path: Path | OSError, locator: str) -> Iterator[Result]:
        if isinstance(path, OSError):
            return reader.failed(locator or reader.origin.source.id, path)
        if is_outside(self._root, path):
            return iter([LINK_OUTSIDE])
        return reader.read(path, wellformed(locator))


def offered(root: Path) -> Iterator[tuple[Path | OSError, str]]:
    """A file, or all below a folder, each by its path in there; a folder that cannot be read has none."""
    if not root.is_dir():
        yield root, root.name
        return
    for path in _walk(root):
        yield path, path.relative_to(root).as_posix() if isinstance(path, Path) else ""


def is_outside(root: Path, path: Path) -> bool:
    """Tell a link that leads out of the folder."""
    return path.is_symlink() and path != root and not path.resolve().is_relative_to(root.resolve())


def _walk(folder: Path) -> Iterator[Path | OSError]:
    """All files, in the order of their paths; folders behind links are not entered (they may be loops)."""
    try:
        children = sorted(folder.iterdir(), key=lambda child: child.name)
    except OSError as error:
        yield error
        return
    for child in children:
        if child.name.startswith("."):
            continue
        if child.is_dir():
            if not child.is_symlink():
                yield from _walk(child)
        else:
            yield child
