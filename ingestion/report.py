"""What a person sees at the end of a run: the ledger, the files, an example search."""

import html
import re
import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingestion import jobs
from ingestion.article import Outcome
from ingestion.errors import ConfigurationError
from ingestion.settings import Settings
from ingestion.wiring import Wiring

if TYPE_CHECKING:
    from ingestion.lake.export import ExportedFile
    from ingestion.search.query import Hit, Page, Searcher

EXAMPLE = "harbour OR ميناء OR hafen OR 港"


class Written(Struct, frozen=True, kw_only=True):
    """What there is to read now; sizes in bytes."""

    exports: "tuple[ExportedFile, ...]"
    lake_rows: int
    indexed_articles: int


def summary(settings: Settings, run_id: str) -> dict[str, Any]:
    """What `news run --json` ends with: the ledger of the run, and what was written."""
    account = jobs.account(settings, run_id)
    return {
        "run_id": run_id,
        "ledger": {
            "documents": account.documents,
            "outcomes": account.outcomes,
            "reasons": account.reasons,
            "open_documents": account.open_documents,
            "sources": account.sources,
        },
        "written": written(settings),
    }


def written(settings: Settings) -> Written:
    """Count what the lake and the index hold, and list the export's files."""
    from ingestion.lake.export import read_manifest

    with Wiring(settings) as wiring:
        return Written(
            exports=read_manifest(settings.exports).files,
            lake_rows=wiring.lake_reader().count(),
            indexed_articles=wiring.search.count(),
        )


def report_run(console: Console, settings: Settings, run_id: str) -> None:
    """Print what became of one run, and what can be searched and read now."""
    account = jobs.account(settings, run_id)
    console.print(ledger_table(account))
    console.print(_files_table(settings))
    with Wiring(settings) as wiring:
        words = _example(wiring.search, account)
        page = ask(wiring.search, words, size=3, sort="relevance")
    typed = words if words == EXAMPLE else shlex.join(filter(None, [words]))
    console.print(f"\n[dim]$[/] news search {escape(typed)}")
    print_page(console, page)


def _example(searcher: "Searcher", account: jobs.Account) -> str:
    """Return words that find articles of the run: of the sample newsroom by what it tells, else by source."""
    sources = [balance.source_id for balance in account.sources]
    if _finds(searcher, EXAMPLE, sources):
        return EXAMPLE
    found = (source for source in sources if _can_be_typed(source) and _finds(searcher, "", [source]))
    return next(map(_typed, found), "")


def _finds(searcher: "Searcher", words: str, sources: Sequence[str]) -> bool:
    """Whether words find anything of some sources."""
    return bool(sources and ask(searcher, words, size=1, sort="relevance", sources=sources).hits)


def _can_be_typed(source: str) -> bool:
    """Whether a search for a source, as a person types it, asks for it: not if it is long or quoted."""
    from ingestion.search.query import Query
    from ingestion.search.syntax import parse

    query = parse(_typed(source))
    return isinstance(query, Query) and query.filters.sources == (source,)


def _typed(source: str) -> str:
    return f'source:"{source}"'


def ledger_table(account: jobs.Account) -> Table:
    """One row a source: documents in, and what became of them."""
    title = "Ledger: each document that entered, and the one thing that became of it"
    table = Table(title=title, box=SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    table.add_column("source", no_wrap=True)
    for name in ("in", *Outcome):
        table.add_column(str(name), justify="right")
    table.add_column("balance")
    for balance in account.sources:
        by_outcome = jobs.by_outcome(balance.outcomes)
        cells = _counts(by_outcome[outcome] for outcome in Outcome)
        table.add_row(
            escape(balance.source_id), str(balance.entered), *cells, _verdict(balance.open_documents, "✓")
        )
    table.add_section()
    cells = _counts(account.outcomes[outcome] for outcome in Outcome)
    table.add_row(
        "all", str(account.documents), *cells, _verdict(account.open_documents, "balanced"), style="bold"
    )
    if account.reasons:
        reasons = ", ".join(f"{escape(label)} {count}" for label, count in account.reasons.items())
        table.caption = f"reasons: {reasons}"
    return table


def _verdict(open_documents: int, good: str) -> str:
    return f"[red]{open_documents} open[/]" if open_documents else f"[green]{good}[/]"


def _counts(counts: Iterable[int]) -> list[str]:
    return [str(count) if count else "[dim]·[/]" for count in counts]


def _files_table(settings: Settings) -> Table:
    found = written(settings)
    table = Table(
        "file",
        box=SIMPLE_HEAD,
        title=f"Parquet exports in {settings.exports}",
        caption=f"the lake holds {found.lake_rows} rows, the index {found.indexed_articles} articles",
    )
    table.add_column("rows", justify="right")
    table.add_column("bytes", justify="right")
    for file in found.exports:
        table.add_row(file.path, f"{file.rows:,}", f"{file.bytes:,}")
    return table


def ask(searcher: "Searcher", text: str, *, size: int, sort: str, sources: Sequence[str] = ()) -> "Page":
    """Search as a person types, perhaps in some sources alone.

    Raises `ConfigurationError` where the words make no question.
    """
    from ingestion.search.query import Facet, Filters, Mistake, Query, Sort
    from ingestion.search.syntax import parse

    if sort not in set(Sort):
        raise ConfigurationError(f"--sort {sort}: choose one of {', '.join(Sort)}")
    facets = (Facet.PUBLISHER, Facet.LANGUAGE, Facet.SECTION, Facet.DAY)
    within = Filters(sources=tuple(sources))
    query = parse(text, Query(size=size, sort=Sort(sort), facets=facets, filters=within))
    if isinstance(query, Mistake):
        raise ConfigurationError(query.message)
    return searcher.search(query)


def print_page(console: Console, page: "Page") -> None:
    """Print hits with their highlights, then the facets."""
    articles = "article" if page.total == 1 else "articles"
    console.print(f"\n[bold]{page.total}[/] {articles} found in {page.took_seconds * 1000:.0f} ms\n")
    for hit in page.hits:
        _print_hit(console, hit)
    for facet, counts in page.facets.items():
        if not counts:
            continue
        values = "  ".join(f"{escape(c.value)} [dim]{c.count}[/]" for c in counts[:8])
        console.print(f"[bold]{facet:<10}[/] {values}")


def _print_hit(console: Console, hit: "Hit") -> None:
    published = f"{hit.published.at:%Y-%m-%d}" if hit.published else "no date"
    headline = next(iter(hit.highlights.get("headline", ())), html.escape(hit.headline))
    console.print(f"  [bold]{_marked(headline)}[/]")
    publisher = escape(hit.publisher_name or hit.publisher_id)
    standing = f" [red]{hit.standing}[/]" if hit.standing else ""
    version = f" · version {hit.version}" if hit.version > 1 else ""
    told = f"{publisher} · {published} · {hit.language or 'language unknown'} · {hit.article_id[:12]}"
    console.print(f"  [dim]{told}{version}[/]{standing}")
    for passage in hit.highlights.get("body", ())[:1] or (html.escape(hit.opening),):
        console.print(f"  {_marked(passage)}\n")


def _marked(passage: str) -> str:
    """Turn safe HTML with `<mark>` into what a terminal shows."""
    text = escape(re.sub(r"</?mark>", lambda tag: "\x02" if tag[0] == "<mark>" else "\x03", passage))
    return html.unescape(text).replace("\x02", "[black on yellow]").replace("\x03", "[/]")
