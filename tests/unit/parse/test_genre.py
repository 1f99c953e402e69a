import pytest

from ingestion.parse.clues import Clues
from ingestion.parse.genre import genre_of

LEAD = "The quay will be closed for six weeks, the harbour authority said."


@pytest.mark.parametrize(
    ("stated", "address", "lead", "genre"),
    [
        ({"article_type": "OpinionNewsArticle"}, None, LEAD, "opinion"),
        ({"article_type": "LiveBlogPosting"}, None, LEAD, "live"),
        ({"article_type": "NewsArticle", "section": "Meinung"}, None, LEAD, "opinion"),
        ({"article_type": "NewsArticle", "section": "社説"}, None, LEAD, "opinion"),
        ({"article_type": "NewsArticle", "section": "Harbour"}, None, LEAD, "news"),
        ({"genre": "Press Release"}, "https://orme.example/opinion/quay", LEAD, "press_release"),
        ({}, "https://orme.example/opinion/2026/quay", LEAD, "opinion"),
        ({}, "https://orme.example/podcasts/quay", LEAD, "podcast"),
        ({}, "https://orme.example/2026/11/20/opinion-is-divided/", LEAD, None),
        ({}, "https://orme.example/2026/11/20/opinion", LEAD, None),
        ({"type": "video.other"}, "https://orme.example/quay", LEAD, "video"),
        ({}, None, "ORME, Nov. 20, 2026 /MeridianNewswire/ -- The quay will be closed.", "press_release"),
        ({}, None, LEAD, None),
    ],
)
def test_the_genre_is_what_the_publisher_says(
    stated: dict[str, str], address: str | None, lead: str, genre: str | None
) -> None:
    clues = Clues()
    for field, value in stated.items():
        clues.add(field, value, "test")

    assert genre_of(clues, address, lead) == genre
