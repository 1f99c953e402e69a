"""What the catalogue says of an API: how it is asked, and where the facts are in its answers."""

from msgspec import Struct


class ApiFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a JSON API is asked and read."""
