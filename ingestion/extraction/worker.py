"""What is loaded once, in the server that the reading processes are forked from: parsers and their models."""

from ingestion.extraction.inline import extract
from ingestion.extraction.warm import small_documents

WARMED = [extract(document) for document in small_documents()]
