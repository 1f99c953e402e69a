"""A batch into the index: what is newest wins, and a row that is refused does not shadow an older one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from ingestion.ports import Indexed, Row
from ingestion.search.elasticsearch.actions import Action, Fate, Result
from ingestion.search.elasticsearch.documents import action_of, judged

Send = Callable[[Callable[[], Iterable[Action]]], dict[str, Result]]
"""Takes what yields the actions anew at each call, as they may have to go to two indices."""


class Candidate(NamedTuple):
    """A row that can be written. The greatest one of an id is written; of equals, the last."""

    version: int
    at: int


class Batch:
    """Rows, judged by themselves, and what became of each."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self._ids = [str(row.get("article_id") or "") for row in rows]
        self._errors: dict[int, str] = {}
        self._stale: set[str] = set()
        self._candidates: dict[str, list[Candidate]] = {}
        for at, row in enumerate(rows):
            self._judge(at, row)
        for candidates in self._candidates.values():
            candidates.sort()

    @property
    def results(self) -> list[Indexed]:
        """One result for each row, as if they had been written one after the other."""
        stale = self._stale_rows()
        return [
            Indexed(article_id, stale=at in stale, error=self._errors.get(at))
            for at, article_id in enumerate(self._ids)
        ]

    def write(self, send: Send) -> bool:
        """Send the newest row of each id; where one is refused, the next. Tell if anything was written."""
        waiting = list(self._candidates)
        written = False
        while waiting:
            results = send(partial(self._actions, waiting))
            written = written or any(result.fate is Fate.DONE for result in results.values())
            waiting = [article_id for article_id in waiting if self._is_refused(article_id, results)]
        return written

    def _judge(self, at: int, row: Row) -> None:
        try:
            article_id, version = judged(row)
        except (ValueError, msgspec.MsgspecError) as error:
            self._errors[at] = str(error)
        else:
            self._candidates.setdefault(article_id, []).append(Candidate(version, at))

    def _actions(self, ids: Sequence[str]) -> Iterator[Action]:
        for article_id in ids:
            if action := self._action(article_id):
                yield action

    def _action(self, article_id: str) -> Action | None:
        """Encode the newest candidate that can be; the others are told why not."""
        candidates = self._candidates[article_id]
        while candidates:
            version, at = candidates[-1]
            try:
                return action_of(self._rows[at], article_id, version)
            except TypeError as error:
                self._errors[at] = str(error)
                candidates.pop()
        return None

    def _is_refused(self, article_id: str, results: dict[str, Result]) -> bool:
        """Note a result; tell whether another candidate has to be sent."""
        result = results.get(article_id)
        if result is None:
            return False
        if result.fate is Fate.STALE:
            self._stale.add(article_id)
        if result.fate is not Fate.REFUSED:
            return False
        self._errors[self._candidates[article_id].pop().at] = result.reason
        return bool(self._candidates[article_id])

    def _stale_rows(self) -> set[int]:
        rows: set[int] = set()
        for article_id, candidates in self._candidates.items():
            newest = -1
            for version, at in sorted(candidates, key=lambda candidate: candidate.at):
                if version < newest or article_id in self._stale:
                    rows.add(at)
                newest = max(newest, version)
        return rows
