"""Whether a body is the whole story: what the page states, and how the text ends."""

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from ingestion.article import Paragraph, Removed
from ingestion.parse.structured import Page

TRUNCATED = "truncated"
PAYWALL_PROMPT = "paywall_prompt"
FILLER = "filler_text"
_FEWEST_STATED_WORDS = 150
_LEAST_SHARE = 0.6
_SHORT_CHARS = 1500
_LONGEST_PROMPT = 220
_TRIGGERS = (
    *("to continue", "to keep", "keep reading", "subscribers", "members", "premium", "lesen mit"),
    *("abonnenten", "mitglieder", "abonnés", "lire la suite", "de cet article", "suscri", "abbonati"),
    *("assinantes", "会員限定", "残り", "続きを読む", "للاشتراك", "للمشتركين", "reached your"),
)
"""Words that every prompt has one of, in small letters: they are looked for first."""

_ELLIPSIS = re.compile(r"(?:…|\.\.\.|\[(?:…|\.\.\.)\])[\s\"”»)]*$")
_NOT_FREE = frozenset({"false", "0", "no", "locked", "paid", "premium", "subscription", "paywall", "metered"})
_PROMPT = re.compile(
    r"(?:subscribe|sign in|log in|register|become a member|create (?:a free|an) account)\b.{0,60}"
    r"\bto (?:continue|keep)\b"
    r"|(?:this (?:article|content|story) is|reserved|available) (?:only )?"
    r"(?:for|to) (?:our )?(?:subscribers|members|premium)"
    r"|to (?:continue|keep) reading\b|you have reached your .{0,30}limit"
    r"|(?:jetzt|weiter)\s?lesen mit\b|dieser (?:artikel|inhalt) ist (?:nur )?für (?:abonnenten|mitglieder)"
    r"|(?:article|contenu) réservé aux abonnés|pour lire la suite|il vous reste .{0,20}% de cet article"
    r"|(?:contenido|artículo) (?:exclusivo|solo) para suscriptores|suscríbete para (?:seguir|continuar)"
    r"|(?:articolo|contenuto) riservato agli abbonati|conteúdo exclusivo para assinantes"
    r"|この記事は(?:有料)?会員限定|残り\d+文字|続きを読むには|للاشتراك ومتابعة القراءة|المحتوى للمشتركين",
    re.IGNORECASE,
)


_FILLER = re.compile(
    r"\b(?:lorem|ipsum|ipsam|dolor(?:es|um|em|ibus)?|amet|consectetur|volupta\w+|aspernatur|quisquam|laboriosam|repellat|"
    r"tempor\w*|exercitationem|architecto|necessitatibus|perspiciatis|molestiae|accusa\w+|quia|eos|enim|nihil|cumque|"
    r"rerum|sint|natus|tenetur|sapiente|delectus|quod|quae|eius|laborum|et|est|ut|id|qui|sed)\b",
    re.IGNORECASE,
)
_FEWEST_OF_FILLER, _LEAST_OF_FILLER = 6, 0.4


def is_filler(text: str) -> bool:
    """Whether a text is of the words that typesetters fill pages with: some hide a story behind them."""
    words = _FILLER.findall(text)
    enough = len({word.lower() for word in words}) >= _FEWEST_OF_FILLER
    return enough and len(words) >= _LEAST_OF_FILLER * len(text.split())


def is_prompt(text: str) -> bool:
    """Whether a line asks the reader to subscribe or to log in for the rest."""
    if len(text) > _LONGEST_PROMPT:
        return False
    folded = text.lower()
    return any(trigger in folded for trigger in _TRIGGERS) and bool(_PROMPT.search(text))


def shortcomings(
    page: Page, tree: HtmlElement, paragraphs: tuple[Paragraph, ...], removed: Sequence[Removed]
) -> list[str]:
    """Name what speaks against a whole body: `truncated`, `paywall_prompt`."""
    filled = any(entry.rule == FILLER for entry in removed)
    prompted = any(_PROMPT.search(text) for text in _telling_texts(tree))
    short = sum(len(paragraph.text) for paragraph in paragraphs) < _SHORT_CHARS
    cut = _states_more(page, paragraphs) or (short and _ends_in_the_middle(paragraphs))
    closed = short and prompted and _is_not_free(page)
    return [name for name, true in ((TRUNCATED, cut or closed or filled), (PAYWALL_PROMPT, prompted)) if true]


def _states_more(page: Page, paragraphs: tuple[Paragraph, ...]) -> bool:
    stated = str((page.article or {}).get("wordCount") or "")
    if not stated.isdecimal() or not _FEWEST_STATED_WORDS <= int(stated) < 100_000:
        return False
    found = sum(len(paragraph.text.split()) for paragraph in paragraphs)
    return found < _LEAST_SHARE * int(stated)


def _ends_in_the_middle(paragraphs: tuple[Paragraph, ...]) -> bool:
    return bool(paragraphs) and bool(_ELLIPSIS.search(paragraphs[-1].text))


def _is_not_free(page: Page) -> bool:
    return any(found.value.lower().rpartition("/")[2] in _NOT_FREE for found in page.clues.of("access"))


def _telling_texts(tree: HtmlElement) -> Iterator[str]:
    """Yield the lines with one of the words, in small letters."""
    whole = tree.text_content().lower()
    triggers = [trigger for trigger in _TRIGGERS if trigger in whole]
    text = "\n".join(tree.itertext()).lower() if triggers else ""
    for trigger in triggers:
        at = text.find(trigger)
        while at >= 0:
            end = text.find("\n", at)
            end = end if end >= 0 else len(text)
            line = text[text.rfind("\n", 0, at) + 1 : end]
            if len(line) <= _LONGEST_PROMPT:
                yield line
            at = text.find(trigger, end)
