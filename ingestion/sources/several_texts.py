"""One text file that holds several stories, as wire services and archives write them.

Only what is plain is parted: a line that ends a story stands below each of them, below the last one too.
Where something comes after the last mark (the notes below a press release) the file is one story.
"""

import re

_MARK = re.compile(
    rb"^[ \t]*(?P<mark>[-(\[=]{0,3}[ \t]?(?:ENDS?|30|0|NNNN|EOM)[ \t]?[-)\]=]{0,3}|#[ \t]?#[ \t]?#)"
    rb"[ \t]*\r?$",
    re.MULTILINE,
)
_BARE_NUMBER = re.compile(rb"\d+")
_SHORTEST_BYTES = 120
"""Less is no story: a table, a slug, a test of the line."""


def several_texts(body: bytes) -> list[bytes]:
    """Return the stories of a text, each with its end mark; the text where it is not plainly several."""
    marks = [match for match in _MARK.finditer(body) if not _BARE_NUMBER.fullmatch(match["mark"].strip())]
    if len(marks) < 2 or body[marks[-1].end() :].strip():
        return [body]
    if len({match["mark"].strip() for match in marks}) > 1:
        return [body]
    begins = (0, *(match.end() for match in marks[:-1]))
    parts = [body[begin : match.end()].strip() for begin, match in zip(begins, marks, strict=True)]
    return parts if all(len(part) >= _SHORTEST_BYTES for part in parts) else [body]
