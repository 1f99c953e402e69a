"""Both indices find the same articles by the same words, in every script."""

from pathlib import Path

from ingestion.search.embedded import TantivyIndex
from tests.clusters import opener
from tests.contract.newsstand import NEWSSTAND, found, piece, rows

TEXTS = {
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "da": "Børnene læste bøger på øen.",
    "el": "Η Αθήνα και οι άνθρωποι της.",
    "en": "They don't sell U.S. ferries at example.com for 3.14 dollars; the ferry's captain was re-elected.",
    "es": "Los niños comían en los camiones.",
    "fa": "کتاب‌های فارسی و یک کتاب.",
    "fi": "Talossa asuvat ihmiset lukevat kirjoja.",
    "fr": "L'économie de la France s'améliore; les chevaux galopaient aujourd’hui.",
    "he": "שָׁלוֹם עולם",
    "hi": "हिन्दी समाचार",
    "hu": "A házakban könyveket olvasnak.",
    "it": "Le riforme dell'economia italiana.",
    "ko": "서울에서 열린 회의",
    "nl": "De katten lopen door de straten.",
    "no": "Barna leste bøkene på øya.",
    "pl": "Łódź jest piękna, a źródła są czyste.",
    "pt": "As crianças comeram pães.",
    "ro": "Copiii au citit cărțile.",
    "ru": "Ёлка стоит в доме, елки продаются; книги и книга. Йод.",
    "sv": "Barnen läste böckerna på ön.",
    "tr": "İstanbul'da kitaplar ve ışıklar.",
    "vi": "Tiếng Việt có dấu.",
    "zh": "總統選舉將於星期日舉行。",
}
TYPED = [
    "economia",
    "économie",
    "aujourd'hui",
    "елка",
    "йод",
    "иод",
    "αθηνα",
    "katt",
    "2,718",
    "bok",
    "選舉",
    "選",
]


def test_both_indices_find_the_same(elasticsearch_url: str, tmp_path: Path) -> None:
    made = [piece(language, text, text, language) for language, text in TEXTS.items()]
    stand = rows(*made, *NEWSSTAND)
    words = {word for one in (*made, *NEWSSTAND) for word in f"{one.headline} {one.body}".split()}
    typed = [word for word in sorted({*words, *TYPED}) if any(map(str.isalnum, word))]
    embedded = TantivyIndex(tmp_path / "index")
    embedded.bulk(stand)
    with opener(elasticsearch_url) as open_index:
        index = open_index()
        index.bulk(stand)
        differing = {
            word: (mine, other)
            for word in typed
            if (mine := found(index, word, size=100)) != (other := found(embedded, word, size=100))
        }

    assert len(typed) > 150
    assert differing == {}
