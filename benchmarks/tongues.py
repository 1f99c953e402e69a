"""Invented languages in nine ways of writing, the same words at every run."""

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

VOCABULARY = 12_000
STOCK_PHRASES = 400
STOCK_SHARE = 0.08
NUMBER_SHARE = 0.03
LATIN = "eetaoinsrhldcumfpgwybvk"

Sentence = list[str]
Block = list[Sentence]
Text = list[Block]


class Tongue(NamedTuple):
    """How an invented language is written."""

    code: str
    letters: str
    word_letters: tuple[int, int]
    space: str
    stop: str
    sentence_words: tuple[int, int]


TONGUES = (
    Tongue("en", LATIN, (2, 9), " ", ". ", (9, 24)),
    Tongue("de", LATIN + "äöüß", (3, 13), " ", ". ", (8, 20)),
    Tongue("es", LATIN + "áéíóñ", (2, 10), " ", ". ", (9, 26)),
    Tongue("ru", "оеаинтсрвлкмдпуяыьгзбч", (2, 10), " ", ". ", (8, 20)),
    Tongue("ar", "ايلمنرتبعدسفهكقحجشصخطغ", (2, 7), " ", ". ", (9, 24)),
    Tongue("ko", "".join(map(chr, range(0xAC00, 0xAC00 + 3000, 7))), (2, 5), " ", ". ", (7, 16)),
    Tongue(
        "ja",
        "".join(map(chr, [*range(0x3042, 0x3090), *range(0x4E00, 0x4E00 + 900)])),
        (1, 4),
        "",
        "。",
        (10, 24),
    ),
    Tongue("zh", "".join(map(chr, range(0x4E00, 0x4E00 + 1800))), (1, 3), "", "。", (10, 24)),
    Tongue("th", "".join(map(chr, range(0xE01, 0xE2F))), (2, 5), "", " ", (10, 24)),
)


class Writer:
    """Writes sentences of one language; words are drawn as language has them (Zipf)."""

    def __init__(self, tongue: Tongue, seed: int) -> None:
        self.tongue = tongue
        self.chance = random.Random(f"{tongue.code} {seed}")  # noqa: S311 - a corpus, no secret
        words = {self._word() for _ in range(3 * VOCABULARY)}
        self._words = sorted(words, key=lambda word: (len(word), word))[:VOCABULARY]
        self._weights = list(accumulate(1 / rank for rank in range(5, len(self._words) + 5)))
        self._stock = [self.words(self.chance.randint(6, 12)) for _ in range(STOCK_PHRASES)]

    def words(self, count: int) -> list[str]:
        """Draw so many words; some are numbers."""
        return [self.number() if self.chance.random() < NUMBER_SHARE else word for word in self.plain(count)]

    def plain(self, count: int) -> list[str]:
        """Draw so many words, no numbers."""
        return self.chance.choices(self._words, cum_weights=self._weights, k=count)

    def rare(self, count: int) -> list[str]:
        """Draw so many words of those that few texts have, as names are."""
        return self.chance.sample(self._words[len(self._words) // 4 :], count)

    def rather_rare(self, count: int) -> list[str]:
        """Draw so many words that are neither."""
        return self.chance.sample(self._words[200:3_000], count)

    def number(self) -> str:
        """Draw a number."""
        return str(self.chance.randint(2, 99_999))

    def sentence(self, names: Sequence[Sequence[str]] = ()) -> Sentence:
        """A sentence as its words; some hold a phrase that everybody uses, most of them a name."""
        made = self.words(self.chance.randint(*self.tongue.sentence_words))
        if self.chance.random() < STOCK_SHARE:
            self._put(made, self.chance.choice(self._stock))
        if names and self.chance.random() < 0.8:
            self._put(made, self.chance.choice(names))
        return made

    def text(self, words: int, names: Sequence[Sequence[str]] = ()) -> Text:
        """About so many words, in paragraphs of one to five sentences."""
        return list(self._blocks(words, names))

    def printed(self, block: Block) -> str:
        """A paragraph as it stands on a page."""
        tongue = self.tongue
        return "".join(tongue.space.join(words).capitalize() + tongue.stop for words in block).strip()

    def _blocks(self, words: int, names: Sequence[Sequence[str]]) -> Iterator[Block]:
        while words > 0:
            block = []
            for _ in range(self.chance.randint(1, 5)):
                block.append(self.sentence(names))
                words -= len(block[-1])
                if words <= 0:
                    break
            yield block

    def _put(self, sentence: Sentence, phrase: Sequence[str]) -> None:
        at = self.chance.randrange(len(sentence))
        sentence[at:at] = phrase

    def _word(self) -> str:
        count = self.chance.randint(*self.tongue.word_letters)
        return "".join(self.chance.choices(self.tongue.letters, k=count))


def count_words(text: Text) -> int:
    """How many words a text has."""
    return sum(len(sentence) for block in text for sentence in block)
