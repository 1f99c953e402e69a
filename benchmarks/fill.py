"""Fill a Kafka cluster with articles: Avro on `news.articles` for us, JSON of the same for peers.

    python benchmarks/fill.py kafka://127.0.0.1:9092 --articles 200000

Avro goes through the project's own log adapter; both topics have four partitions, lz4, and the time of
arrival as their time.
"""

import argparse
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from articles import articles
from kafka import KafkaProducer

from ingestion.article import Article
from ingestion.codec import encode, plain
from ingestion.ports import Message, Topic
from ingestion.settings import load_settings
from ingestion.topics import ARTICLES
from ingestion.wiring import Wiring

JSON_TOPIC = "articles.json"
TRANSACTION_RECORDS = 5000


def main() -> None:
    """Read the arguments and fill both topics."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("broker", help="kafka://host:port")
    parser.add_argument("--articles", type=int, default=200_000)
    arguments = parser.parse_args()
    fill(arguments.broker, arguments.articles)


def fill(broker: str, count: int) -> None:
    """Write the same articles to both topics and print their sizes."""
    avro_bytes = json_bytes = 0
    with Wiring(load_settings(broker=broker)) as wiring:
        wiring.broker.create_topics([Topic(name=JSON_TOPIC, partitions=4, retention_seconds=None)])
        producer = wiring.producer("fill")
        plain_producer = json_producer(broker)
        for batch in _batched(articles(count), TRANSACTION_RECORDS):
            with producer.transaction() as transaction:
                for article in batch:
                    value, key = encode(article), article.article_id.encode()
                    transaction.send(Message(topic=ARTICLES, key=key, value=value))
                    text = json_of(article)
                    plain_producer.send(JSON_TOPIC, text, key=key)
                    avro_bytes, json_bytes = avro_bytes + len(value), json_bytes + len(text)
        plain_producer.flush()
        plain_producer.close()
    print(f"{count} articles: {avro_bytes / count:.0f} bytes each in Avro, {json_bytes / count:.0f} in JSON")


def json_producer(broker: str) -> Any:
    """Open a producer as quick as kafka-python's can be."""
    servers = broker.removeprefix("kafka://").strip("/").split(",")
    return KafkaProducer(
        bootstrap_servers=servers, acks="all", compression_type="lz4", linger_ms=50, batch_size=1024 * 1024
    )


def json_of(article: Article) -> bytes:
    """Write one article as JSON, with times as RFC 3339 words."""
    return msgspec.json.encode(plain(article), enc_hook=_in_words)


def _in_words(value: object) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat()


def _batched(made: Iterator[Article], size: int) -> Iterator[list[Article]]:
    while batch := list(itertools.islice(made, size)):
        yield batch


if __name__ == "__main__":
    main()
