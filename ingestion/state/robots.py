"""Copies of robots.txt that outlive a process, and are shared by all of them."""

from sqlalchemy import delete, insert, select

from ingestion.source_ports import RobotsCopy
from ingestion.state.database import StateDatabase
from ingestion.state.tables import robots


class SqlRobotsMemory:
    """`source_ports.RobotsMemory` over SQL."""

    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def robots(self, origin: str) -> RobotsCopy | None:
        """Return the copy of an origin, however old it is."""
        with self._database.reading() as connection:
            row = connection.execute(select(robots).where(robots.c.origin == origin)).one_or_none()
        if row is None:
            return None
        return RobotsCopy(body=row.body, note=row.note, read_at=row.read_at, until=row.until)

    def keep_robots(self, origin: str, copy: RobotsCopy) -> None:
        """Remember it."""
        with self._database.transaction() as connection:
            connection.execute(delete(robots).where(robots.c.origin == origin))
            connection.execute(
                insert(robots).values(
                    origin=origin, body=copy.body, note=copy.note, read_at=copy.read_at, until=copy.until
                )
            )
