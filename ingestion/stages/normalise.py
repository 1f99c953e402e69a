"""One form of the same text, so that equal articles are equal bytes."""

import re
import unicodedata

from msgspec.structs import replace

from ingestion.article import Article, Image, Paragraph

# Controls, byte order marks and lone surrogates; never the joiners that Persian and Hindi spell with.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
SPACES = re.compile(r"\s+")


def normalise(article: Article) -> Article:
    """Compose Unicode (NFC), fold runs of white space, drop what cannot be printed."""
    paragraphs = tuple(
        Paragraph(role=paragraph.role, text=text)
        for paragraph in article.paragraphs
        if (text := one_line(paragraph.text))
    )
    return replace(
        article,
        headline=one_line(article.headline),
        alternative_headlines=_lines(article.alternative_headlines),
        abstract=_line(article.abstract),
        body="\n\n".join(paragraph.text for paragraph in paragraphs),
        paragraphs=paragraphs,
        images=tuple(_image(image) for image in article.images),
        authors=_lines(article.authors),
        byline=_line(article.byline),
        credits=_lines(article.credits),
        dateline=_line(article.dateline),
        section=_line(article.section),
        keywords=_lines(article.keywords),
    )


def one_line(text: str) -> str:
    """Normalise a piece of text that has no line breaks of its own."""
    return SPACES.sub(" ", unicodedata.normalize("NFC", UNPRINTABLE.sub("", text))).strip()


def _line(text: str | None) -> str | None:
    return (one_line(text) or None) if text is not None else None


def _lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    lines = (one_line(text) for text in texts)
    return tuple(dict.fromkeys(line for line in lines if line))


def _image(image: Image) -> Image:
    return Image(url=image.url, caption=_line(image.caption), credit=_line(image.credit))
