"""A news pipeline: publishers to Kafka, to validated Parquet, to full-text search."""

__version__ = "0.1.0"
