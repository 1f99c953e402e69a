"""Items that are alike because they are forms, filled in anew: each says something else."""

from collections.abc import Sequence
from typing import NamedTuple

from tongues import Sentence, Text, Writer

GAP = ""


class Kind(NamedTuple):
    """A kind of form: how long it is, how far its gaps are apart, and which part of them takes numbers."""

    name: str
    words: tuple[int, int]
    apart: tuple[int, int]
    numbers_share: float


KINDS: Sequence[Kind] = (
    Kind("weather", (70, 160), (8, 20), 0.7),
    Kind("market report", (200, 600), (6, 16), 0.7),
    Kind("results", (60, 250), (4, 9), 0.5),
    Kind("table", (80, 200), (2, 4), 0.9),
    Kind("obituary", (80, 220), (7, 14), 0.35),
    Kind("quiz", (60, 110), (8, 18), 0.05),
    Kind("programme", (90, 260), (8, 16), 0.3),
)


class Form:
    """One form, the same for all who fill it in."""

    def __init__(self, kind: Kind, writer: Writer) -> None:
        self.kind = kind
        self._writer = writer
        self._next_gap = writer.chance.randint(*kind.apart)
        text = writer.text(writer.chance.randint(*kind.words))
        self._text = [[self._with_gaps(sentence) for sentence in block] for block in text]

    def filled(self) -> Text:
        """Fill it in."""
        return [[self._without_gaps(sentence) for sentence in block] for block in self._text]

    def _with_gaps(self, sentence: Sentence) -> Sentence:
        made = list(sentence)
        while self._next_gap < len(made):
            made[self._next_gap] = GAP
            self._next_gap += self._writer.chance.randint(*self.kind.apart)
        self._next_gap -= len(made)
        return made

    def _without_gaps(self, sentence: Sentence) -> Sentence:
        return [part for word in sentence for part in ([word] if word != GAP else self._value())]

    def _value(self) -> list[str]:
        chance = self._writer.chance
        if chance.random() < self.kind.numbers_share:
            return [str(chance.randint(2, 9_999))]
        return self._writer.rare(chance.randint(1, 2))
