import json
from pathlib import Path

from ingestion.parse.data import table
from ingestion.parse.ledger import BY_ITS_WORDS, MEANING, meaning

GOLDEN = Path(__file__).parents[2] / "golden"


def rules_of_golden_cases() -> set[str]:
    cases = (json.loads(path.read_text(encoding="utf-8")) for path in GOLDEN.glob("*/*.expected.json"))
    return {rule for case in cases for _, rule, _ in case.get("article", {}).get("removed", [])}


def test_every_rule_that_takes_something_out_is_explained() -> None:
    lexicon = table("lexicon")
    by_words = {role for group in ("exact", "pattern", "ending") for role in lexicon[group]}
    found = rules_of_golden_cases()

    assert found - by_words - set(MEANING) == set()
    assert {"apart", "outside"} <= found


def test_a_rule_named_for_words_is_said_to_be() -> None:
    assert meaning("newsletter") == BY_ITS_WORDS
    assert meaning("outside") != BY_ITS_WORDS
