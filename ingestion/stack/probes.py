"""Asks a server whether it serves, as its clients would ask it."""

import socket
from contextlib import closing

from ingestion.stack.loopback import HOST

ANSWER_SECONDS = 5.0


def accepts(port: int) -> bool:
    """Tell whether anything listens; quicker than asking, and quieter."""
    try:
        with socket.create_connection((HOST, port), timeout=ANSWER_SECONDS):
            return True
    except OSError:
        return False


def kafka_serves(address: str) -> bool:
    """Tell whether the cluster knows the broker: before that, it has no leader for any partition."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    milliseconds = int(ANSWER_SECONDS * 1000)
    try:
        with closing(
            KafkaAdminClient(
                bootstrap_servers=address,
                request_timeout_ms=milliseconds,
                bootstrap_timeout_ms=milliseconds,
                client_id="news-stack",
            )
        ) as admin:
            return bool(admin.describe_cluster()["brokers"])
    except KafkaError:
        return False


def elasticsearch_serves(url: str) -> bool:
    """Tell whether the node has a cluster, and every primary shard."""
    import httpx

    try:
        answer = httpx.get(
            f"{url}/_cluster/health",
            params={"wait_for_status": "yellow", "timeout": "1s"},
            timeout=ANSWER_SECONDS,
            trust_env=False,
        )
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK
