"""The command that prepares the services: topics, tables, the index, and what Kibana shows."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ingestion.cli.common import JsonFlag, console, prepared, print_json, progress

if TYPE_CHECKING:
    from pydantic import SecretStr

    from ingestion.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(setup)


def setup(
    *,
    kibana: Annotated[
        str, typer.Option(metavar="URL", help="Import the data views and the dashboard into this Kibana.")
    ] = "",
    wait_seconds: Annotated[
        float, typer.Option(min=1, help="Longest time to wait for Kibana to be ready.")
    ] = 300,
    json: JsonFlag = False,
) -> None:
    """Make the topics, the tables and the index where they are missing, and Kibana's dashboard.

    Running it again changes nothing but the saved objects of Kibana, which are imported anew. Kibana
    is asked with the credentials of Elasticsearch (NEWS_ELASTICSEARCH__…).
    """
    settings = prepared()
    done: dict[str, object] = {}
    for name in ("broker", "state", "search"):
        done[name] = progress(name, partial(_opened, settings, name), quiet=json)
    if kibana:
        done["kibana"] = progress("kibana", partial(_imported, settings, kibana, wait_seconds), quiet=json)
    if json:
        print_json(done)
    else:
        for name, what in done.items():
            console().print(f"{name}: {what}")


def _opened(settings: "Settings", part: str) -> str:
    """Open one part, which makes what it is missing, and close it again."""
    from ingestion.topics import topics
    from ingestion.wiring import Wiring

    with Wiring(settings) as wiring:
        if part == "broker":
            wiring.broker  # noqa: B018 - opening it makes the topics
            return ", ".join(f"{t.name} ({t.partitions})" for t in topics(settings.partitions))
        if part == "state":
            wiring.state  # noqa: B018 - opening it makes the tables
            return "tables are in place"
        if wiring.rejections:
            wiring.rejections.prepare()
        wiring.search.prepare()
        return f"{wiring.search.count()} articles"


def _imported(settings: "Settings", url: str, wait_seconds: float) -> str:
    from ingestion.kibana.importer import KibanaAccess, import_objects
    from ingestion.kibana.objects import ndjson

    account = settings.elasticsearch
    access = KibanaAccess(
        url=url,
        api_key=_revealed(account.api_key),
        username=account.username,
        password=_revealed(account.password),
        ca_file=account.ca_file,
    )
    return f"{import_objects(ndjson(), access, wait_seconds=wait_seconds)} saved objects"


def _revealed(secret: "SecretStr | None") -> str | None:
    return secret.get_secret_value() if secret else None
