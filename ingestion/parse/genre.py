"""What kind of piece an article is, by what the publisher says of it."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from ingestion.parse.clues import Clues

_STATED = {
    "opinionnewsarticle": "opinion", "opinion": "opinion", "commentary": "opinion", "kommentar": "opinion",
    "editorial": "opinion", "column": "opinion", "op-ed": "opinion", "blog": "opinion",
    "analysisnewsarticle": "analysis", "analysis": "analysis",
    "liveblogposting": "live", "live": "live", "liveblog": "live", "live blog": "live",
    "advertisercontentarticle": "sponsored", "sponsored": "sponsored", "advertorial": "sponsored",
    "press release": "press_release", "pressrelease": "press_release", "press_release": "press_release",
    "video": "video", "videoobject": "video", "podcast": "podcast", "podcastepisode": "podcast",
    "newsarticle": "news", "reportagenewsarticle": "news", "news": "news", "current": "news",
}  # fmt: skip
_SECTIONS = {
    "opinion": (
        r"opinions?|opinión|opinião|opinioni|opinie|meinung|comment|commentisfree|commentary|editorials?|"
        r"editoriales|columns?|columnists?|columnas?|op-?ed|kommentare?|leitartikel|gastbeitrag|tribunes?|"
        r"viewpoints?|letters|debatt?|ledare|kronik|社説|論説|オピニオン|コラム|评论|社论|오피니언|사설|칼럼|"
        r"رأي|آراء|مقالات|yazarlar|мнени[ея]"
    ),
    "live": (
        r"live|liveblog|live-?updates|liveticker|en-?direct|directo|en-?vivo|ao-?vivo|diretta|canlı|canli"
    ),
    "sponsored": (
        r"sponsored|sponsored-?content|partner-?content|paid-?post|paid-?content|brand-?(?:studio|content)|"
        r"advertorials?|anzeige|publi-?r?reportaje?|branded|advertisement-?feature|promoted"
    ),
    "press_release": (
        r"press-?releases?|news-?releases?|pressemitteilung(?:en)?|communiqu[eé]s?(?:-?de-?presse)?|"
        r"comunicados?(?:-?de-?prensa|-?stampa)?|プレスリリース|보도자료|新闻稿|بيان صحفي"
    ),
    "video": r"videos?|video-?gallery|vídeos?|動画|视频|동영상|فيديو",
    "podcast": r"podcasts?|ポッドキャスト|播客|팟캐스트|بودكاست",
}
_NAMED = tuple(
    (genre, re.compile(pattern.replace("-?", "[ -]?"), re.IGNORECASE)) for genre, pattern in _SECTIONS.items()
)
_FOLDERS = 3
"""Further down an address there are words of the headline."""

_RELEASE = re.compile(r"^.{0,120}?/[A-Z][\w ]{2,30}(?:wire|WIRE|Wire)[\w ]{0,12}/\s*(?:[-–—]|$)")


def genre_of(clues: Clues, address: str | None, lead: str) -> str | None:
    """Return the genre in our words: what is stated first, then the section, the address and the lead."""
    stated = [_STATED.get(found.value.lower()) for found in (*clues.of("genre"), *clues.of("article_type"))]
    telling = next((genre for genre in stated if genre not in (None, "news")), None)
    return telling or next(_implied(clues, address, lead), None) or next(filter(None, stated), None)


def _implied(clues: Clues, address: str | None, lead: str) -> Iterator[str]:
    for found in clues.of("section"):
        yield from _by_name(found.value)
    folders = urlsplit(address).path.split("/")[:-1] if address else []
    for folder in folders[: _FOLDERS + 1]:
        yield from _by_name(folder)
    if "video" in (clues.value("type") or "").lower():
        yield "video"
    if _RELEASE.match(lead):
        yield "press_release"


def _by_name(name: str) -> Iterator[str]:
    return (genre for genre, pattern in _NAMED if pattern.fullmatch(name.strip()))
