"""Elements that their names, classes and ids set apart from a story: menus, boxes, prompts, other stories."""

import re
from functools import lru_cache

from lxml.html import HtmlElement

_TAGS = frozenset(
    {"nav", "aside", "footer", "form", "figure", "figcaption", "caption", "address", "menu", "dialog"}
)
_WORDS = (
    r"related\w*|recirc\w*|recommend\w*|newsletters?|sign-?up|subscri\w+|promos?|promotion|sponsor\w*|"
    r"adverts?|advertisements?|advertising|ads?|banner|share|sharing|social|sharedaddy|comments?|disqus|respond|"
    r"bio|byline|breadcrumbs?|crumbs?|tags?|topics|toolbar|credits?|copyright|most-?(?:read|viewed|popular)|"
    r"popular|trending|ranking|sidebar|aside|rail|cookies?|consent|modal|popup|popmake|pum|lightbox|"
    r"nav|navigation|menu|pagination|"
    r"pager|footer|masthead|timestamp|editors?|poll|taboola|outbrain|read-?(?:more|next|also)|"
    r"more-?(?:info|stories|news|on)|also-?read|see-?also|catcher|follow(?:-?us)?|login|register|registration|"
    r"print|disclaimer|end-?of|(?:about-?)?author-?(?:bio|box|info|card|about|desc\w*)|signature|contact|"
    r"whatsapp|telegram|skip|side|side-?col(?:umn)?|captions?|tweet|"
    r"(?:instagram|tiktok|facebook|bluesky|mastodon|reddit)-(?:media|embed|post)|fb-post"
)
_GENERIC = (
    r"box|block|widgets?|wrap(?:per)?|container|list|links?|inner|outer|module|section|area|bar|form|prompt|"
    r"message|panel|posts?|articles?|stories|items?|text|content|title|heading|embed|inline|label|card|slot|"
    r"unit|buttons?|icons?|group|left|right|top|bottom|\d+"
)
_NEVER = frozenset({"html", "body", "blockquote"})
_MARK = re.compile(rf"(?:[a-z0-9]+[-_]+)*(?:{_WORDS})(?:[-_]+(?:{_GENERIC}))*", re.IGNORECASE)
_OF_STORY = re.compile(
    r"(?:[a-z0-9]+[-_]+)*(?:subscri(?:ption|bers?)|paywall|premium|members?)[-_]*(?:only|content|body|article|story)"
    r"|main[-_]+(?:left|right|in)?[-_]*side",
    re.IGNORECASE,
)
"""Names that sound so, and hold the story: what a paywall hides, the wide one of two columns."""

_UNSEEN = frozenset({"hidden", "d-none", "is-hidden", "visually-hidden", "sr-only", "screen-reader-text"})
"""Classes by which style sheets hide; a name that only ends so may belong to a story that unfolds."""

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NAMES = ("class", "id", "data-component", "data-testid")


def is_marked(element: HtmlElement) -> bool:
    """Whether a name ends in a word for such a thing, as in `c-article__related-links`, `newsletterBox`.

    A quote is none, though it be called a `tweet`: it says what the story tells of.
    """
    if element.tag in _TAGS or element.tag in _NEVER:
        return element.tag in _TAGS
    names = " ".join(value for name in _NAMES if (value := element.get(name)))
    return any(map(_sets_apart, names.split()))


@lru_cache(maxsize=4096)  # the elements of a page share a few names, and the pages of a publisher, too
def _sets_apart(name: str) -> bool:
    parted = _HUMP.sub("-", name)
    if _OF_STORY.fullmatch(parted):
        return False
    return parted in _UNSEEN or _MARK.fullmatch(parted) is not None
