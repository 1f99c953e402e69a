"""What the desks of newspapers do to an agency's story before they print it."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from tongues import Block, Sentence, Text, Writer, count_words

MOST_REPLACED = 0.2
MOST_CUT = 0.4
LEAST_PRINTED = 60
MOST_EDITED = 0.02

Change = Callable[[Text, Writer], Text]


def small_edits(text: Text, writer: Writer) -> Text:
    """Another word here and there, one left out, one put in: three in a thousand to two in a hundred."""
    share = writer.chance.uniform(0.003, MOST_EDITED)
    return [[_edited(sentence, writer, share) for sentence in block] for block in text]


def new_lede(text: Text, writer: Writer) -> Text:
    """Another beginning: the first sentence, or as many as a fifth of the text."""
    blocks, sentences = _flat(text)
    count = max(1, round(len(sentences) * writer.chance.uniform(0, MOST_REPLACED)))
    fresh = [writer.sentence() for _ in range(count)]
    return _blocks(blocks, [*fresh, *sentences[count:]])


def cut_tail(text: Text, writer: Writer) -> Text:
    """Without a tenth to two fifths of its sentences, from the end; what is short already stays as it is."""
    blocks, sentences = _flat(text)
    kept = len(sentences)
    spare = min(writer.chance.uniform(0.1, MOST_CUT) * count_words(text), count_words(text) - LEAST_PRINTED)
    while kept > 1 and (spare := spare - len(sentences[kept - 1])) > 0:
        kept -= 1
    return _blocks(blocks, sentences[:kept])


def holes(text: Text, writer: Writer) -> Text:
    """Without one sentence in sixteen or so, anywhere."""
    kept = [[sentence for sentence in block if writer.chance.random() > 0.06] for block in text]
    return [block for block in kept if block] or text


def other_order(text: Text, writer: Writer) -> Text:
    """One paragraph further up or down."""
    if len(text) < 3:
        return text
    moved = list(text)
    block = moved.pop(writer.chance.randrange(1, len(moved)))
    moved.insert(writer.chance.randrange(1, len(moved) + 1), block)
    return moved


def subheadings(text: Text, writer: Writer) -> Text:
    """A subheading before every third paragraph."""
    return [
        block
        for number, b in enumerate(text)
        for block in (*([[writer.words(4)]] if number % 3 == 2 else ()), b)
    ]


CHANGES: Sequence[Change] = (small_edits, new_lede, cut_tail, holes, other_order, subheadings)
CHANGE_SHARE = 0.35


class Furniture:
    """What a newspaper puts around every text, and how it spells."""

    def __init__(self, writer: Writer) -> None:
        self.inside: Block = [writer.sentence()]
        self.footer: Block = [writer.sentence() for _ in range(writer.chance.randint(1, 3))]
        self.imprint: Block = [[*writer.plain(2), writer.number(), *writer.plain(1), writer.number()]]
        self._spelling: Mapping[str, str] = dict(zip(writer.rather_rare(60), writer.rare(60), strict=True))

    def around(self, text: Text, writer: Writer) -> Text:
        """Put it there, or some of it."""
        chance = writer.chance
        if len(text) > 2 and chance.random() < 0.5:
            text = [*text[:2], self.inside, *text[2:]]
        if chance.random() < 0.6:
            text = [*text, self.footer]
        return [*text, self.imprint] if chance.random() < 0.3 else text

    def spelt(self, text: Text) -> Text:
        """Spell some words as the house does."""
        spelling = self._spelling
        return [[[spelling.get(word, word) for word in sentence] for sentence in block] for block in text]


def printed(text: Text, furniture: Furniture, writer: Writer) -> tuple[Text, tuple[str, ...]]:
    """Print a story with some of the changes, and say which."""
    chosen = [change for change in CHANGES if writer.chance.random() < CHANGE_SHARE]
    for change in chosen:
        text = change(text, writer)
    names = [change.__name__ for change in chosen]
    if writer.chance.random() < 0.2:
        text = furniture.spelt(text)
        names.append("house_style")
    return furniture.around(text, writer), tuple(names) or ("as_it_came",)


def _edited(sentence: Sentence, writer: Writer, share: float) -> Sentence:
    made: Sentence = []
    for word in sentence:
        if writer.chance.random() >= share:
            made.append(word)
            continue
        kind = writer.chance.random()
        made += [] if kind < 0.25 else [word, *writer.plain(1)] if kind < 0.5 else writer.plain(1)
    return made or sentence


def _flat(text: Text) -> tuple[list[int], list[Sentence]]:
    """A text as its sentences, and the number of the first of each paragraph."""
    starts = [0]
    for block in text:
        starts.append(starts[-1] + len(block))
    return starts, [sentence for block in text for sentence in block]


def _blocks(starts: Sequence[int], sentences: Sequence[Sentence]) -> Text:
    parts = (list(sentences[first:last]) for first, last in pairwise(starts))
    return [part for part in parts if part]
