"""The commands that look and change nothing: search, parse, trace, diff, status, serve."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from ingestion.cli.common import JsonFlag, console, prepared, print_json, print_json_line

STANDARD_INPUT = Path("-")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (search, parse, trace, diff, status, serve):
        app.command()(command)


def search(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help='Words, "phrases", -exclusions and filters as in publisher:ID language:de after:2026-11-20.'
        ),
    ] = None,
    *,
    size: Annotated[int, typer.Option(min=1, max=100, help="Hits on a page.")] = 10,
    sort: Annotated[str, typer.Option(help="relevance, newest or oldest.")] = "relevance",
    json: JsonFlag = False,
) -> None:
    """Search the articles, with facets and highlights."""
    from ingestion.report import ask, print_page
    from ingestion.wiring import Wiring

    with Wiring(prepared()) as wiring:
        page = ask(wiring.search, " ".join(words or ()), size=size, sort=sort)
    if json:
        print_json(page)
    else:
        print_page(console(), page)


def parse(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            help="Pages, texts, JSON articles, feeds, archives, folders of them; - is the standard input.",
        ),
    ],
    *,
    url: Annotated[str | None, typer.Option(help="The address it was fetched from.")] = None,
    json: JsonFlag = False,
) -> None:
    """Show the articles in files; nothing is stored. JSON of more than one is a line for each."""
    from ingestion.trace import parsed

    missing = [str(path) for path in paths if path != STANDARD_INPUT and not path.exists()]
    if missing:
        raise typer.BadParameter(f"{', '.join(missing)} does not exist")
    if url and len(paths) > 1:
        raise typer.BadParameter("--url is the address of one document; give one path")
    with _standard_input(paths) as named:
        results = parsed(named, url)
        if json:
            _print_each(results)
        else:
            from ingestion.trace_report import print_parsed

            print_parsed(console(), results)


@contextmanager
def _standard_input(paths: list[Path]) -> Iterator[dict[Path, str]]:
    """Put what comes by the standard input into a file for a while. Yields each path with its name."""
    if STANDARD_INPUT not in paths:
        yield {path: str(path) for path in paths}
        return
    with TemporaryDirectory(prefix="news-parse-") as folder:
        copy = Path(folder, "stdin")
        with copy.open("wb") as target:
            shutil.copyfileobj(sys.stdin.buffer, target)
        yield {copy if path == STANDARD_INPUT else path: str(path) for path in paths}


def _print_each(results: Iterator[dict[str, Any]]) -> None:
    """Print one result as one object, several a line each, as they come."""
    first, second = next(results, None), next(results, None)
    if second is None:
        print_json(first if first is not None else [])
        return
    for result in chain((first, second), results):
        print_json_line(result)


def trace(
    path_or_url: Annotated[str, typer.Argument(help="A file or an address.")],
    *,
    url: Annotated[str | None, typer.Option(help="The address a file was fetched from.")] = None,
    json: JsonFlag = False,
) -> None:
    """Show one document after every step; nothing is stored."""
    from ingestion.trace import trace_document

    steps = trace_document(prepared(), path_or_url, url)
    if json:
        print_json(steps)
    else:
        from ingestion.trace_report import print_trace

        print_trace(console(), steps)


def diff(
    article: Annotated[str, typer.Argument(help="Its address, its article_id or the beginning of that.")],
    *,
    first: Annotated[int | None, typer.Option("--from", min=1, help="The older version.")] = None,
    second: Annotated[int | None, typer.Option("--to", min=1, help="The newer version.")] = None,
    json: JsonFlag = False,
) -> None:
    """Show what changed between two versions of an article."""
    from ingestion.version_diff import diff_versions

    found = diff_versions(prepared(), article, first, second)
    if json:
        print_json(found)
    else:
        from ingestion.version_report import print_diff

        print_diff(console(), found)


def status(*, json: JsonFlag = False) -> None:
    """Show lags, counts and the ledger of the last runs."""
    from ingestion.status import print_status, status_of

    found = status_of(prepared())
    if json:
        print_json(found)
    else:
        print_status(console(), found)


def serve(
    *,
    port: Annotated[int, typer.Option(help="Port of the search page.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; loopback unless you say otherwise.")
    ] = "127.0.0.1",
) -> None:
    """Open the search page."""
    import uvicorn

    from ingestion.status import status_of
    from ingestion.web.app import create_app
    from ingestion.wiring import Wiring

    settings = prepared()
    with Wiring(settings) as wiring:
        app = create_app(wiring.search, lambda: status_of(settings))
        console().print(f"search: [link]http://{host}:{port}/[/] - Ctrl-C ends it")
        uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)
