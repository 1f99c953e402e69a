"""Elasticsearch 9 as the index: one process or many, on one machine or a cluster."""

from ingestion.search.elasticsearch.connection import Connection
from ingestion.search.elasticsearch.index import ElasticsearchIndex, Options

__all__ = ["Connection", "ElasticsearchIndex", "Options"]
