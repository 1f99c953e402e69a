"""When published articles are visited again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from ingestion.source_ports import Habit, Recheck
from ingestion.state.database import StateDatabase
from ingestion.state.tables import rechecks

COLUMNS = [rechecks.c[name] for name in Recheck.__struct_fields__]


class SqlRechecks:
    """`source_ports.Rechecks` over SQL; `transform` enters the addresses of what it publishes."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def due(self, source_id: str, now: datetime, limit: int) -> list[Recheck]:
        """Those of a source whose time has come: those that have changed before, then the youngest."""
        is_due = (rechecks.c.source_id == source_id) & (rechecks.c.due_at <= now)
        urgency = (rechecks.c.changes == 0, rechecks.c.first_seen.desc(), rechecks.c.url)
        with self._database.reading() as connection:
            rows = connection.execute(select(*COLUMNS).where(is_due).order_by(*urgency).limit(limit)).all()
        return [Recheck(**dict(row._mapping)) for row in rows]  # noqa: SLF001 - the public name of it

    def planned(self, urls: Sequence[str]) -> set[str]:
        """Those of these addresses where an article was read lately."""
        known = select(rechecks.c.url).where(rechecks.c.url.in_(urls))
        with self._database.reading() as connection:
            return set(connection.execute(known).scalars())

    def habit(self, source_id: str) -> Habit:
        """How often rechecks of a source found a change lately."""
        sums = select(func.sum(rechecks.c.checks), func.sum(rechecks.c.changes))
        with self._database.reading() as connection:
            checks, changes = connection.execute(sums.where(rechecks.c.source_id == source_id)).one()
        return Habit(checks or 0, changes or 0)

    def keep(self, kept: Sequence[Recheck]) -> None:
        """Remember when to visit them next, and how often they were."""
        if not kept:
            return
        at = update(rechecks).where(rechecks.c.url == bindparam("at"))
        rows = [{"at": one.url, "next": one.due_at, "times": one.checks} for one in kept]
        with self._database.transaction() as connection:
            connection.execute(at.values(due_at=bindparam("next"), checks=bindparam("times")), rows)
