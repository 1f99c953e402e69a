"""Statuses that are worth another attempt (RFC 9110, section 15; RFC 6585, section 4)."""

REFUSALS = frozenset({429, 503})
"""The host wants to be left alone."""

PASSING = frozenset({408, 425, 502, 504, *range(520, 525)})
"""Something on the way failed, which may be over in a moment; the last five are those of a large CDN."""
