"""The structured data of a page: schema.org NewsArticle, in the shapes that real sites give it."""

import html
import json
from typing import Any

from markupsafe import Markup

from ingestion.newsroom.stories import Publication, Story

Thing = dict[str, Any]


def json_ld(publication: Publication, story: Story) -> Markup:
    """Return the content of the page's `application/ld+json` script."""
    thing = _news_article(publication, story)
    if story.quirk == "entities_in_json_ld":
        thing = {key: _with_entities(value) for key, value in thing.items()}
    text = json.dumps(_SHAPES[publication.site.json_ld](publication, thing), ensure_ascii=False, indent=2)
    if story.quirk == "broken_json_ld":
        text = text.replace('"headline": "', '"headline": ""', 1)
    return Markup(text.replace("<", "\\u003c"))  # noqa: S704  a script cannot be closed without "<"


def _news_article(publication: Publication, story: Story) -> Thing:
    thing: Thing = {
        "@type": "NewsArticle",
        "mainEntityOfPage": publication.url(story.path),
        "headline": story.headline,
        "description": story.deck,
        "inLanguage": publication.imprint.language,
        "articleSection": story.section,
        "keywords": list(story.keywords),
        "author": [{"@type": "Person", "name": name} for name in story.authors],
        "publisher": _organisation(publication),
        "isAccessibleForFree": story.free,
        "commentCount": story.comments,
        "image": _image(publication, story),
        **_dates(publication, story),
    }
    if story.agency:
        thing["creditText"] = story.agency
        thing["author"] = thing["author"] or {"@type": "Organization", "name": story.agency}
    return {key: value for key, value in thing.items() if value not in (None, [])}


def _dates(publication: Publication, story: Story) -> Thing:
    # The page that prints its date in Arabic-Indic digits gives it nowhere else.
    if story.quirk == "arabic_digits":
        return {}
    modified = story.modified or story.published
    return {
        "datePublished": publication.local(story.published).isoformat(),
        "dateModified": publication.local(modified).isoformat(),
    }


def _image(publication: Publication, story: Story) -> Thing | None:
    if story.image is None:
        return None
    return {
        "@type": "ImageObject",
        "url": publication.url(story.image.path),
        "caption": story.image.caption,
        "creditText": story.image.credit,
    }


def _organisation(publication: Publication) -> Thing:
    return {"@type": "NewsMediaOrganization", "name": publication.imprint.name, "url": publication.url("/")}


def _with_entities(value: Any) -> Any:
    """Escape a text twice over, as some editorial systems do."""
    if not isinstance(value, str):
        return value
    return html.escape(value).replace("’", "&#8217;").replace("–", "&ndash;")


def _alone(_: Publication, thing: Thing) -> Any:
    return {"@context": "https://schema.org", **thing}


def _graph(publication: Publication, thing: Thing) -> Any:
    page = {"@type": "WebPage", "@id": thing["mainEntityOfPage"], "name": thing["headline"]}
    site = {"@type": "WebSite", "@id": publication.url("/#website"), "name": publication.imprint.name}
    return {"@context": "https://schema.org", "@graph": [site, page, thing]}


def _list(publication: Publication, thing: Thing) -> Any:
    crumbs = {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": 1, "name": publication.imprint.name},
            {"@type": "ListItem", "position": 2, "name": thing["articleSection"]},
        ],
    }
    return [crumbs, _alone(publication, thing)]


_SHAPES = {"graph": _graph, "list": _list, "alone": _alone}
