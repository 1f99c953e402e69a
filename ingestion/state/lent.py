"""What is counted of one publisher in one state, for another state that is thrown away."""

from sqlalchemy import insert, select

from ingestion.state.database import StateDatabase
from ingestion.state.furniture import LINE_MASK, first_line
from ingestion.state.tables import publisher_articles, publisher_lines


def lend(lender: StateDatabase, borrower: StateDatabase, publisher_id: str, known_as: str) -> None:
    """Copy the counted lines of a publisher to a state that has none, where it goes by another id."""
    first = first_line(publisher_id)
    its_lines = publisher_lines.c.line.between(first, first | LINE_MASK)
    its_articles = publisher_articles.c.publisher_id == publisher_id
    with lender.reading() as connection:
        lines = connection.execute(select(publisher_lines).where(its_lines)).mappings().all()
        articles = connection.execute(select(publisher_articles).where(its_articles)).mappings().all()
    if not articles:
        return
    there = first_line(known_as)
    with borrower.transaction() as connection:
        connection.execute(
            insert(publisher_articles), [{**row, "publisher_id": known_as} for row in articles]
        )
        if lines:
            moved = [{**row, "line": there | row["line"] & LINE_MASK} for row in lines]
            connection.execute(insert(publisher_lines), moved)
