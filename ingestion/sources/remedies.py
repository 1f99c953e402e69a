"""What to do about each kind of failure of a source."""

from ingestion.errors import Cause

REMEDIES = {
    Cause.DNS: "its host name is not known: see whether the publisher has a new one, and mend the address",
    Cause.CONNECTION: "nobody answers there: see whether the site opens in a browser, and mend the address",
    Cause.TIMEOUT: "it does not answer in time: see whether the site opens in a browser",
    Cause.TLS: "its certificate is not valid: tell the publisher; nothing is read without a valid one",
    Cause.ADDRESS: "its address is refused: mend it, or set manners.allow_private if the network is yours",
    Cause.ROBOTS: "ask the publisher for leave, or disable the source",
    Cause.BLOCKED: "it refuses this crawler: see whether the key of an API is right, name yourself in "
    "NEWS_FETCH__USER_AGENT, ask the publisher for leave, or disable the source",
    Cause.RATE_LIMITED: "it limits this crawler: raise cadence_seconds and manners.interval_seconds",
    Cause.GONE: "find its successor with `news sources add SITE`, or disable it",
    Cause.CLIENT_ERROR: "there is nothing at its address: find the new one with `news sources add SITE`",
    Cause.SERVER_ERROR: "the publisher's server fails: tell the publisher if it lasts",
    Cause.TOO_LARGE: "raise NEWS_FETCH__MAX_BYTES, or take a smaller listing of the same publisher",
    Cause.UNREADABLE: "what it answers is not what the catalogue says: `news rejected` has the bytes; find "
    "the right address with `news sources add SITE`",
}
