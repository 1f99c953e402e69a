"""The language of a text, by the text itself."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from ingestion.article import Language
from ingestion.parse.clues import Found

_SHORTEST = 50
_SHORTEST_CJK = 15
_LOOKED_AT = 1000
"""Characters; four times as many took a third of all the time for a short article, and told the same."""
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_LETTERS = re.compile(r"[^\W\d_]")
_TAG = re.compile(r"^([a-zA-Z]{2,3})(?:[-_]([a-zA-Z]{4}))?(?:[-_]([a-zA-Z]{2}|\d{3}))?(?:$|[-_.@])")
# The standard's preferred tag where the model, or a page, uses another one for the same language.
_PREFERRED = {"nb": "no", "iw": "he", "in": "id", "ji": "yi", "tl": "fil"}


def detect(text: str, declared: Sequence[Found] = ()) -> Language | None:
    """Tell the language; None for texts too short to tell."""
    sample = text[:_LOOKED_AT]
    letters = len(_LETTERS.findall(sample))
    enough = _SHORTEST_CJK if len(_CJK.findall(sample)) * 4 > letters else _SHORTEST
    if letters < enough:
        return None
    code, confidence = _identifier().classify(sample)
    tags = [tag for found in declared if (tag := bcp47(found.value))]
    return Language(
        code=_PREFERRED.get(code, code),
        confidence=round(min(1.0, max(0.0, float(confidence))), 4),
        declared=tags[0] if tags else None,
    )


def bcp47(tag: str) -> str | None:
    """Return a declared language as BCP 47 writes it; None where it is no such tag."""
    match = _TAG.match(tag.strip())
    if not match:
        return None
    language, script, region = match.groups()
    parts = (language.lower(), (script or "").title(), (region or "").upper())
    return "-".join(part for part in parts if part)


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
