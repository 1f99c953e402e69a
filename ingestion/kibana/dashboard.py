"""The dashboard: which data views there are, which charts, and where each one is."""

from msgspec import Struct

from ingestion.kibana.charts import About, Chart, bars, number, ring, table
from ingestion.kibana.columns import by_day, by_value, count, distinct, newest


class DataView(Struct, frozen=True, kw_only=True):
    """An index or alias that Kibana reads, and the field of it that time filters go by."""

    id: str
    name: str
    index: str
    time_field: str
    url_fields: tuple[str, ...] = ()


class Panel(Struct, frozen=True, kw_only=True):
    """A chart's place on the grid, which is 48 units wide."""

    chart: Chart
    x: int
    y: int
    width: int
    height: int


DASHBOARD_ID = "news-overview"
DASHBOARD_TITLE = "News: what came in"
DASHBOARD_DESCRIPTION = "Articles by publisher, day and language, and the documents that were rejected."

ARTICLES = DataView(
    id="news-articles",
    name="News articles",
    index="news-articles",
    time_field="published.at",
    url_fields=("canonical_url",),
)
REJECTED = DataView(
    id="news-rejected", name="News rejections", index="news-rejected", time_field="rejected_at"
)
VIEWS = (ARTICLES, REJECTED)


def _of_articles(chart_id: str, title: str, description: str) -> About:
    return About(id=f"news-{chart_id}", title=title, description=description, view_id=ARTICLES.id)


def _of_rejected(chart_id: str, title: str, description: str) -> About:
    return About(id=f"news-{chart_id}", title=title, description=description, view_id=REJECTED.id)


PANELS = (
    Panel(
        x=0,
        y=0,
        width=12,
        height=6,
        chart=number(
            _of_articles("article-count", "Articles", "Articles published in the time chosen."),
            count("Articles"),
        ),
    ),
    Panel(
        x=0,
        y=6,
        width=12,
        height=6,
        chart=number(
            _of_articles("publisher-count", "Publishers", "Publishers with an article in that time."),
            distinct("publisher.id", "Publishers"),
        ),
    ),
    Panel(
        x=12,
        y=0,
        width=36,
        height=12,
        chart=bars(
            _of_articles(
                "articles-by-publisher-and-day",
                "Articles by publisher and day",
                "By the day of publication; articles without a date are not in it.",
            ),
            count("Articles"),
            along=by_day("published.at", "Published"),
            split=by_value("publisher.name", "Publisher", size=12),
        ),
    ),
    Panel(
        x=0,
        y=12,
        width=16,
        height=13,
        chart=ring(
            _of_articles("languages", "Languages", "Languages of the articles, as recognised."),
            count("Articles"),
            split=by_value("language.code", "Language", size=8),
        ),
    ),
    Panel(
        x=16,
        y=12,
        width=32,
        height=13,
        chart=table(
            _of_articles(
                "publishers",
                "Publishers and their newest article",
                "A publisher whose newest article is old has stopped writing, or its source has broken.",
            ),
            [
                by_value("publisher.name", "Publisher", size=100, other=False),
                count("Articles"),
                newest("published.at", "Newest article"),
                newest("fetched_at", "Fetched last"),
            ],
        ),
    ),
    Panel(
        x=0,
        y=25,
        width=12,
        height=12,
        chart=number(
            _of_rejected("rejection-count", "Rejections", "Documents on news.rejected in the time chosen."),
            count("Rejections"),
        ),
    ),
    Panel(
        x=12,
        y=25,
        width=36,
        height=12,
        chart=bars(
            _of_rejected(
                "rejections-by-reason",
                "Rejections by reason",
                "The fault, and the stage that met it. `news rejected show ID` tells the whole story.",
            ),
            count("Rejections"),
            along=by_value("error", "Fault", size=15),
            split=by_value("stage", "Stage", size=10),
            horizontal=True,
        ),
    ),
)
"""What the dashboard shows, by rows."""
