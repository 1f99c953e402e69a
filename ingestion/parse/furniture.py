"""Blocks of a page that are no story: pictures with their words go apart, labels go into the ledger."""

import re
from collections.abc import Sequence
from itertools import islice

from lxml.html import HtmlElement

from ingestion.article import Image, Paragraph, ParagraphRole, Removed
from ingestion.parse import lexicon
from ingestion.parse.clean import key, one_line
from ingestion.parse.completeness import FILLER, PAYWALL_PROMPT, is_filler, is_prompt
from ingestion.parse.credits import bare_credit
from ingestion.parse.pictures import credit_alone

_CREDIT_MARK = re.compile(r"credit|copyright|source|fotograf|photographer|byline|quelle", re.IGNORECASE)
_LABELS = r"(?i:photo|picture|image|foto|bild|credit|crédit(?: photo)?|quelle|ảnh|صورة|写真|撮影)s?"
_CREDIT_AFTER = re.compile(
    r"^(?P<caption>.*?)[\s|]*(?:[(（\[](?P<bracket>[^()（）\[\]]{2,120})[)）\]]\s*[.。]?"
    rf"|{_LABELS}(?: by)?\s?[:：/＝=]\s?(?P<named>[^.!?。]{{2,60}})"
    r"|(?<=[.。!?])\s(?i:photo|picture|image)s? by\s(?P<by>[^.!?。]{2,80})"
    r"|(?:©|[(（][CＣ][)）]|(?<=[.。!?])\s[/|])\s?(?P<sign>[^.!?。]{2,60}))$"
)
_LABEL_AT_END = re.compile(rf"(?:{_LABELS}(?: by| credit)?)?\s?[:：/＝=]?\s*$")
_UNSEEN = (
    "descendant::*/@hidden/.. | descendant::*/@aria-hidden[.='true']/.."
    " | descendant::*/@style[contains(translate(.,' ',''),'display:none')]/.."
)
_PICTURE_FILE = re.compile(r"^#|\.(?:jpe?g|png|webp|gif|avif)\b", re.IGNORECASE)
_FRAMES = (
    ".//figure",
    "descendant::*/@class[contains(concat(' ',normalize-space(.),' '),' wp-caption ')]/..",
)
_FOR_SCREEN_READERS = " | ".join(
    f".//*[contains(@class,'{mark}')]" for mark in ("visually-hidden", "sr-only", "screen-reader")
)
_FOR_MACHINES = re.compile(r'\{\s?(?:"[\w$-]{1,40}"\s?:\s?[^{}]{1,2000}?,\s?){4}')
"""The beginning of a JSON object that a page shows as text."""

_DOUBTFUL = frozenset({"breadcrumb", "shares", "separator", "contact", "tags", "reading_time"})
_SHORT = 200
_LONGEST_TITLE = 110
_LEAST_REPEATED = 0.5
_LONGEST_CREDIT = 100
_MOST_AFTER_PROMPT = 8


def take_pictures(tree: HtmlElement) -> tuple[tuple[Image, ...], tuple[Removed, ...]]:
    """Take captioned pictures out of a tree, and return them with the words that went with them."""
    images: list[Image] = []
    removed: list[Removed] = []
    for path in _FRAMES:
        for figure in tree.xpath(path):
            if figure.getparent() is None or _holds_story(figure):
                continue
            image, words = _picture(figure)
            if image:
                images.append(image)
            if words:
                removed.append(Removed(text=words, rule="figure_caption"))
            figure.drop_tree()
    return tuple(dict.fromkeys(images)), tuple(removed)


def _holds_story(figure: HtmlElement) -> bool:
    """A figure around a table, a quote or whole paragraphs is no picture."""
    return (
        any(True for _ in figure.iter("table", "blockquote", "pre", "article"))
        or len(figure.findall(".//p")) > 3
    )


def _picture(figure: HtmlElement) -> tuple[Image | None, str]:
    caption_element = next(figure.iter("figcaption"), None)
    if caption_element is None:
        marked = figure.xpath(".//*[contains(@class,'caption')]")
        caption_element = marked[0] if marked else None
    picture = next(figure.iter("img"), None)
    url = _address(picture) if picture is not None else None
    if caption_element is None:
        return (Image(url=url) if url and not _is_teaser(figure) else None), ""
    credit = _marked_credit(figure)
    words = _seen_words(caption_element)
    whole = credit_alone(words)
    caption, read = ("", whole) if whole else split_credit(_without(words, credit))
    # An element that is marked as the credit may hold its first name alone.
    printed = read if whole or (read and (bare_credit(credit) or "") in read) else credit
    image = Image(url=url, caption=caption or None, credit=bare_credit(printed))
    wanted = (url or caption) and not _is_teaser(figure)
    return (image if wanted else None), words


def _seen_words(element: HtmlElement) -> str:
    """Return the words without those that are there for screen readers alone."""
    for unseen in element.xpath(_FOR_SCREEN_READERS):
        unseen.drop_tree()
    return one_line(element.text_content())


def _is_teaser(figure: HtmlElement) -> bool:
    """The picture of another story, or of the page's frame; a link to the picture itself is no such."""
    if any(parent.tag in ("a", "aside", "nav", "footer") for parent in figure.iterancestors()):
        return True
    if any("uthor" in (parent.get("class") or "") for parent in islice(figure.iterancestors(), 3)):
        return True
    links = [link.get("href") or "" for link in figure.iter("a")]
    return (
        any(href and not _PICTURE_FILE.search(href) for href in links)
        and next(figure.iter("figcaption"), None) is None
    )


def _address(picture: HtmlElement) -> str | None:
    for name in ("src", "data-src", "data-lazy-src", "data-original"):
        value = one_line(picture.get(name) or "")
        if value and not value.startswith("data:"):
            return value
    return None


def _marked_credit(figure: HtmlElement) -> str | None:
    for element in figure.iter():
        mark = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
        if (
            isinstance(element.tag, str)
            and element.tag not in ("img", "figure", "figcaption", "source")
            and (_CREDIT_MARK.search(mark) or element.get("role") == "text")
        ):
            words = one_line(element.text_content())
            if 1 < len(words) <= 120:
                return words
    return None


def _without(words: str, part: str | None) -> str:
    """Take the credit from either end of a caption, with the label before it."""
    if not part or not words.endswith(part):
        return words.removeprefix(f"{part} ") if part else words
    return _LABEL_AT_END.sub("", words.removesuffix(part)).strip(" |([/")


def split_credit(words: str) -> tuple[str, str | None]:
    """Part a caption from the credit at its end."""
    match = _CREDIT_AFTER.match(words)
    if not match:
        return words, None
    if match["bracket"] and not lexicon.speaks_of_picture(match["bracket"]) and len(match["bracket"]) > 40:
        return words, None
    credit = match["bracket"] or match["named"] or match["by"] or match["sign"]
    return match["caption"].strip(), one_line(credit)


def drop_unseen(tree: HtmlElement) -> tuple[Removed, ...]:
    """Take out what a reader does not see; a story that is unfolded by a script is left in."""
    for silent in tree.xpath(".//script|.//style|.//template|.//svg"):
        silent.drop_tree()
    removed: list[Removed] = []
    dropped: set[HtmlElement] = set()
    for element in tree.xpath(_UNSEEN):
        words = one_line(element.text_content())
        if (
            len(words) < _SHORT
            and element.tag not in ("html", "body")
            and not dropped & set(element.iterancestors())
        ):
            dropped.add(element)
            removed += [Removed(text=words, rule="hidden")] if key(words) else []
            element.drop_tree()
    return tuple(dict.fromkeys(removed))


def without_labels(
    paragraphs: Sequence[Paragraph], headlines: Sequence[str], captions: Sequence[str]
) -> tuple[tuple[Paragraph, ...], tuple[Removed, ...]]:
    """Part the blocks of an extracted body into story and furniture."""
    titles = {key(title) for title in headlines if not _is_deck(title)}
    apart = {key(caption) for caption in captions if len(caption) > 20}
    kept: list[Paragraph] = []
    removed: list[Removed] = []
    prompt = _closing_prompt(paragraphs)
    for index, paragraph in enumerate(paragraphs):
        rule = _rule(paragraph, titles, apart, early=index < 6) if index < prompt else PAYWALL_PROMPT
        if rule:
            removed.append(Removed(text=paragraph.text, rule=rule))
        else:
            kept.append(paragraph)
    return _trimmed(kept, removed)


def _is_deck(title: str) -> bool:
    """Whether an alternative headline is of whole sentences: the deck, which belongs to the story."""
    return len(title) >= _LONGEST_TITLE and title.rstrip().endswith((".", "。", "।"))


def _closing_prompt(paragraphs: Sequence[Paragraph]) -> int:
    """Return the index of a prompt after which little comes: offers and conditions, and no story."""
    number = len(paragraphs)
    for index in range(number - 1, max(0, number - 1 - _MOST_AFTER_PROMPT), -1):
        if is_prompt(paragraphs[index].text):
            number = index
        elif len(paragraphs[index].text) > _SHORT:
            break
    return number


def _rule(paragraph: Paragraph, titles: set[str], captions: set[str], *, early: bool) -> str | None:
    text = paragraph.text
    words = key(text)
    if not words:
        return "separator"
    if early and _repeats(words, titles):
        return "repeated"
    if words in captions and paragraph.role is not ParagraphRole.SUBHEADING:
        return "caption"
    return _rule_by_words(paragraph)


def _repeats(words: str, titles: set[str]) -> bool:
    """Whether a line is a title, or the greater part of one at either end."""
    return words in titles or any(
        len(words) >= _LEAST_REPEATED * len(title)
        and " " in words
        and (title.startswith(f"{words} ") or title.endswith(f" {words}"))
        for title in titles
    )


def _rule_by_words(paragraph: Paragraph) -> str | None:
    text = paragraph.text
    if _FOR_MACHINES.match(text):
        return "machine_text"
    if len(text) <= _LONGEST_CREDIT and lexicon.credit_only(text):
        return "photo_credit"
    if is_prompt(text):
        return PAYWALL_PROMPT
    if is_filler(text):
        return FILLER
    if len(text) > _SHORT and not text.startswith(("(", "（", "[", "【")):
        return None
    said = lexicon.label(text) or lexicon.phrase(text)
    return said.role if said and _counts(said.role, paragraph) else None


def _counts(role: str, paragraph: Paragraph) -> bool:
    """In a page the extractor has already judged: doubtful phrases are left where it left them."""
    return not (role in _DOUBTFUL or (paragraph.role is ParagraphRole.LIST_ITEM and role == "size_control"))


def _trimmed(
    kept: list[Paragraph], removed: list[Removed]
) -> tuple[tuple[Paragraph, ...], tuple[Removed, ...]]:
    """Take off both ends what is doubtful in between: a heading over nothing, an address, a source."""
    while len(kept) > 1 and (rule := _rule_at_beginning(kept[0])):
        removed.append(Removed(text=kept.pop(0).text, rule=rule))
    while kept and (rule := _rule_at_end(kept[-1])):
        removed.append(Removed(text=kept.pop().text, rule=rule))
    return tuple(kept), tuple(removed)


def _rule_at_beginning(paragraph: Paragraph) -> str | None:
    said = lexicon.phrase(paragraph.text) if len(paragraph.text) <= _SHORT else None
    return said.role if said and said.role in _DOUBTFUL else None


def _rule_at_end(paragraph: Paragraph) -> str | None:
    if paragraph.role is ParagraphRole.SUBHEADING or _announces(paragraph.text):
        return "trailing_heading"
    said = lexicon.ending(paragraph.text) if len(paragraph.text) <= _SHORT else None
    return said or _rule_at_beginning(paragraph)


def _announces(text: str) -> bool:
    return len(text) <= _LONGEST_CREDIT and text.rstrip().endswith((":", "："))
