"""What each rule of the ledger of removed furniture means, for people who read it."""

from collections.abc import Mapping

BY_ITS_WORDS = "furniture by its words"

MEANING: Mapping[str, str] = {
    "apart": "stands in a box that its name or its kind sets apart from the story",
    "outside": "stands beside or below the place of the story, or is the title of another one",
    "author_box": "a box about the author",
    "aside": "a box beside the text",
    "byline": "who wrote it: kept as the byline",
    "caption": "the words to a picture: kept with it",
    "credit": "an agency: kept as the credit",
    "date": "a day: kept as a date",
    "date_line": "a line of the day above the story",
    "deck": "the deck, which stands in the body once",
    "feed_footer": "what a feed puts below each of its entries",
    "figure_caption": "the words to a picture: kept with it",
    "filler_text": "filler of typesetters, in place of what only subscribers may read",
    "hidden": "not seen by a reader",
    "kicker": "a word or two above the story, such as its section",
    "leading_label": "a label above the text",
    "learned": "printed at the ends of many articles of this publisher",
    "link_line": "a line that is nothing but a link to another story",
    "machine_text": "JSON that is for programs",
    "mail_header": "the head of a mail",
    "note_for_editors": "a note for editors",
    "paywall_prompt": "asks to subscribe or to log in for the rest",
    "photo_credit": "whose a picture is",
    "related_list": "the list below a heading for other stories",
    "repeated": "says the headline again",
    "separator": "a line without words",
    "signature": "who signs the text",
    "trailing_heading": "announces what does not follow",
    "trailing_label": "a label below the text",
    "wire_marks": "marks of a news wire",
}


def meaning(rule: str) -> str:
    """Say what a rule takes out; those named for words in the lexicon take out what says them."""
    return MEANING.get(rule, BY_ITS_WORDS)
