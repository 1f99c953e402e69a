"""The HTTP client: politely, safely, within limits, on every hop."""

import ssl
from collections.abc import Mapping
from typing import Self

import httpx
from msgspec.structs import replace

from ingestion.errors import Cause, Refused
from ingestion.fetch.answers import BodyLimit
from ingestion.fetch.asker import Asker, Question, Reply
from ingestion.fetch.guard import Resolver, resolve
from ingestion.fetch.manners import Clock, MemoryHosts, MemoryRobots, Ruling
from ingestion.fetch.policy import FetchPolicy
from ingestion.fetch.redirects import Chain, Redirect
from ingestion.fetch.request_headers import checked, conditions
from ingestion.fetch.robots import Robots, refused_on_the_way
from ingestion.fetch.robots_text import MAX_ROBOTS_BYTES
from ingestion.fetch.tdmrep import MAX_BYTES as MAX_TDMREP_BYTES
from ingestion.fetch.tdmrep import TdmFiles
from ingestion.fetch.web_address import web_address
from ingestion.source_ports import Disallowed, Fetched, Hosts, NotModified, RobotsMemory, Validators

PAGES = frozenset({"text/html", "application/xhtml+xml"})
AGENT_HINT = "fetch.agent"
DOWNGRADE_HINT = "fetch.downgrade"
ROBOTS_REDIRECTS = 5
"""RFC 9309, section 2.3.1.2: so many are followed, to other hosts too."""


class PoliteFetcher:
    """A `Fetcher` over HTTP/1.1 and HTTP/2. Safe for several threads; close it at the end."""

    def __init__(
        self,
        policy: FetchPolicy,
        *,
        hosts: Hosts | None = None,
        robots: RobotsMemory | None = None,
        resolver: Resolver = resolve,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        clock = clock or Clock()
        self._policy = policy
        self._asker = Asker(policy, hosts or MemoryHosts(clock), clock, resolver, tls)
        self._robots = Robots(policy.user_agent, self._read_robots, robots or MemoryRobots(), clock)
        self._tdm = TdmFiles(self._read_tdmrep, clock.now)

    def __enter__(self) -> Self:
        """Use it in a `with` block to have it closed."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._asker.close()

    def fetch(
        self, url: str, known: Validators | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched | NotModified | Disallowed:
        """Follow robots.txt, the host's rate and every limit, on every hop.

        `headers` go to the origin of `url` alone. Raises `Unreachable`, `HttpFailure`, `Refused`, `TooLarge`.
        """
        ours = checked(headers)
        chain = Chain(web_address(url), self._policy.max_redirects)
        while True:
            ruling = self.ruling(chain.url)
            if not ruling.allowed:
                return Disallowed(ruling.rule)
            reply = self._ask(chain, known, ours, ruling)
            if not isinstance(reply, Redirect):
                return self._finished(reply, chain, ruling)
            chain.follow(reply)

    def ruling(self, url: httpx.URL) -> Ruling:
        """What robots.txt says of an address. Raises `Unreachable` where it cannot be had, `Refused`."""
        if not self._policy.respect_robots:
            return Ruling(allowed=True, rule="robots.txt was not asked, as the operator decided")
        return self._robots.ruling(url)

    def _ask(self, chain: Chain, known: Validators | None, ours: dict[str, str], ruling: Ruling) -> Reply:
        asked = conditions(known)
        question = Question(
            limit=BodyLimit(max_bytes=self._policy.max_bytes),
            headers={**(ours if chain.at_home else {}), **asked},
            conditional=bool(asked),
            known_digest=known.digest if known else None,
            interval_seconds=ruling.crawl_delay_seconds,
        )
        return self._asker.ask(chain.url, question)

    def _finished(self, reply: Fetched | NotModified, chain: Chain, ruling: Ruling) -> Fetched | NotModified:
        """Add what was learned on the way."""
        if isinstance(reply, NotModified):
            return replace(reply, moved_to=chain.moved_to)
        hints = {AGENT_HINT: self._policy.user_agent}
        if chain.downgrade:
            hints[DOWNGRADE_HINT] = chain.downgrade
        asks = self._policy.ask_tdmrep and self._policy.respect_robots
        if asks and reply.content_type in PAGES:
            hints |= self._tdm.reservation(reply.url)
        return replace(reply, moved_to=chain.moved_to, robots=ruling.rule, hints=hints)

    def _read_robots(self, url: httpx.URL) -> bytes:
        """Read a robots.txt, of which what is beyond the limit is not even read."""
        chain = Chain(url, max(ROBOTS_REDIRECTS, self._policy.max_redirects))
        question = Question(limit=BodyLimit(max_bytes=MAX_ROBOTS_BYTES + 1, cut=True))
        reply = self._asker.ask(url, question)
        try:
            while isinstance(reply, Redirect):
                chain.follow(reply)
                reply = self._asker.ask(chain.url, question)
        except Refused as fault:
            raise refused_on_the_way(url, fault) from fault
        assert isinstance(reply, Fetched)
        return reply.body

    def _read_tdmrep(self, url: str) -> bytes:
        """Read what a site says about mining in one file, where robots.txt lets us; one attempt will do."""
        chain = Chain(web_address(url), self._policy.max_redirects)
        while True:
            ruling = self.ruling(chain.url)
            if not ruling.allowed:
                raise Refused(ruling.rule, cause=Cause.ROBOTS)
            limit = BodyLimit(max_bytes=MAX_TDMREP_BYTES + 1, cut=True)
            question = Question(limit=limit, interval_seconds=ruling.crawl_delay_seconds, attempts=1)
            reply = self._asker.ask(chain.url, question)
            if isinstance(reply, Fetched):
                return reply.body
            assert isinstance(reply, Redirect)
            chain.follow(reply)
