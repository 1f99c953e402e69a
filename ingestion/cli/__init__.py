"""The command line: one function a command, in the order in which `news --help` lists them.

Whatever is heavy is imported inside a command, so that help answers at once.
"""

import typer

from ingestion.cli import backfill, care, look, setup, sources, stack, stream, walk

app = typer.Typer(
    name="news",
    help="A news pipeline: publishers to Kafka, to validated Parquet, to full-text search.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
walk.register(app)
stream.register(app)
backfill.register(app)
look.register(app)
sources.register(app)
care.register(app)
setup.register(app)
stack.register(app)
