"""What is loaded once, in the server that the reading processes are forked from: parsers and their models."""

import gc

from ingestion.extraction.inline import extract
from ingestion.extraction.warm import small_documents

WARMED = [extract(document) for document in small_documents()]

# What is loaded now lives as long as the processes; what their collectors do not touch stays shared.
gc.collect()
gc.freeze()
