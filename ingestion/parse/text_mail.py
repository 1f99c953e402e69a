"""Stories sent as mail: the header above, the marks of quoting, the signature below."""

import re

from ingestion.article import Publisher
from ingestion.parse.clues import Clues
from ingestion.parse.text_shape import Line, Lines

MAIL_HEADER = "mail_header"
_FIELD = re.compile(
    r"(?P<name>from|to|cc|bcc|reply-to|date|sent|subject|von|an|gesendet|datum|betreff|de|à|objet|envoyé|para|asunto|"
    r"enviado|message-id|mime-version|content-[a-z-]+|x-[a-z-]+|return-path|received|importance)\s?:\s?(?P<value>.*)",
    re.IGNORECASE,
)
_SUBJECT = frozenset({"subject", "betreff", "objet", "asunto"})
_SENDER = frozenset({"from", "von", "de"})
_SENT = frozenset({"date", "sent", "datum", "gesendet", "envoyé", "enviado"})
_REPLY = re.compile(r"^(?:(?:re|fwd?|aw|wg|tr|rv)\s?:\s?)+", re.IGNORECASE)
_ADDRESS = re.compile(r"\s?[<(\[]\S+@\S+[>)\]]|\S+@\S+")
_QUOTED_BELOW = re.compile(
    r"(?:on|am|le|el)\s.{5,120}\b(?:wrote|schrieb|écrit|escribió)\b.{0,60}:"
    r"|-+\s?(?:original message|forwarded message|ursprüngliche nachricht|message d'origine)\s?-+",
    re.IGNORECASE,
)
_LEAST_FIELDS = 2
_LONGEST_SIGNATURE = 12


def mail_header(lines: Lines, _publisher: Publisher) -> None:
    """Give the fields above a mail their role, where it begins with some of them, and its signature."""
    fields: list[tuple[Line, str, str]] = []
    for line in lines:
        match = _FIELD.fullmatch(line.text)
        if not match:
            break
        fields.append((line, match["name"].lower(), match["value"]))
    if len(fields) < _LEAST_FIELDS or not {name for _, name, _ in fields} & _SUBJECT:
        return
    for line, name, value in fields:
        line.become(MAIL_HEADER, **_values(name, value))
    for line in lines:
        if _QUOTED_BELOW.fullmatch(line.text):
            line.become(MAIL_HEADER)
    _signature(lines)


def _values(name: str, value: str) -> dict[str, str]:
    if name in _SUBJECT:
        return {"subject": _REPLY.sub("", value)}
    if name in _SENDER:
        return {"sender": _ADDRESS.sub("", value).strip(' "')}
    return {"sent": value} if name in _SENT else {}


def _signature(lines: Lines) -> None:
    marks = [number for number, line in enumerate(lines) if line.text == "--"]
    if marks and len(lines) - marks[-1] <= _LONGEST_SIGNATURE:
        for line in lines[marks[-1] :]:
            line.become("signature")


def add_mail(clues: Clues, lines: Lines) -> None:
    """Add what the header says, behind what the story says itself: others pass it on, and later."""
    wanted = {"subject": "headline", "sender": "author", "sent": "published"}
    for line in lines:
        for name, field in wanted.items() if line.role == MAIL_HEADER else ():
            clues.add(field, line.values.get(name), f"text:line {line.block.line}")
