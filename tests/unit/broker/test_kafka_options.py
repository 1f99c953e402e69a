"""The address of a cluster and what is refused in it; the faults; the waiting."""

import time

import pytest
from kafka import errors as kafka
from structlog.testing import capture_logs

from ingestion.broker.kafka import patience
from ingestion.broker.kafka.faults import faults, translated
from ingestion.broker.kafka.options import Cluster, Options
from ingestion.broker.kafka.patience import Patience, patiently
from ingestion.errors import ConfigurationError, Fenced, NewsError, Rebalanced, Unavailable

LOGIN = Options(username="news", password="hush")  # noqa: S106 - not a password of anything


def test_an_address_names_servers_and_security() -> None:
    cluster = Cluster.from_url("kafka://a:9092,b:9093/?security=SASL_SSL&mechanism=SCRAM-SHA-512", LOGIN)
    arguments = cluster.client("admin")

    assert arguments["bootstrap_servers"] == ["a:9092", "b:9093"]
    assert (arguments["security_protocol"], arguments["sasl_mechanism"]) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (arguments["sasl_plain_password"], arguments["ssl_check_hostname"]) == ("hush", True)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("kafka://", "is not like kafka://host:9092"),
        ("kafka://a:9092/topic", "is not like"),
        ("kafka://a:9092/?security=tls", "security is one of plaintext, ssl"),
        ("kafka://a:9092/?acks=0", "is not like"),
        ("kafka://news:hush@a:9092", "must not hold a password"),
        ("kafka://a:9092/?security=sasl_plaintext&mechanism=PLAIN", "would send the password as it is"),
        ("kafka://a:9092/?security=sasl_ssl", "needs &mechanism="),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_with_the_way_out(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says.replace("?", r"\?")) as refused:
        Cluster.from_url(url, LOGIN)

    assert "hush" not in str(refused.value)


def test_half_a_login_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="NEWS_KAFKA__PASSWORD"):
        Cluster.from_url("kafka://a:9092/?security=sasl_ssl&mechanism=PLAIN", Options(username="news"))


def test_nothing_shows_a_password() -> None:
    cluster = Cluster.from_url("kafka://a:9092/?security=sasl_ssl&mechanism=PLAIN", LOGIN)

    assert "hush" not in f"{cluster!r} {cluster} {LOGIN!r}"


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (kafka.ProducerFencedError(), Fenced),
        (kafka.InvalidProducerEpochError(), Fenced),
        (kafka.FencedInstanceIdError(), Fenced),
        (kafka.IllegalGenerationError(), Rebalanced),
        (kafka.UnknownMemberIdError(), Rebalanced),
        (kafka.CommitFailedError("put out"), Rebalanced),
        (kafka.TopicAuthorizationFailedError(), ConfigurationError),
        (kafka.SaslAuthenticationFailedError(), ConfigurationError),
        (kafka.KafkaTimeoutError(), Unavailable),
        (kafka.NotLeaderForPartitionError(), Unavailable),
        (kafka.KafkaError("earlier", kafka.ProducerFencedError()), Fenced),
    ],
)
def test_the_fault_says_what_happens_next(error: Exception, fault: type[NewsError]) -> None:
    found = translated(error, "doing something")

    assert type(found) is fault
    assert "doing something" in str(found)


def test_a_connection_that_breaks_is_tried_again() -> None:
    with pytest.raises(Unavailable, match="reading: refused"), faults("reading"):
        raise ConnectionRefusedError("refused")


def test_waiting_hands_on_what_the_action_returns_and_raises() -> None:
    assert patiently("adding", lambda: 1 + 1, stall_seconds=5) == 2
    with pytest.raises(ZeroDivisionError):
        patiently("dividing", lambda: 1 // 0, stall_seconds=5)


def test_waiting_says_so_and_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SAY_SECONDS", 0.05)
    with capture_logs() as said, pytest.raises(Unavailable, match="committing: no answer"):
        patiently("committing", lambda: time.sleep(5), stall_seconds=0.2, waiting_bytes=7)

    assert said[0]["event"] == "kafka_does_not_answer"
    assert (said[0]["doing"], said[0]["waiting_bytes"]) == ("committing", 7)


def test_asking_again_and_again_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SAY_SECONDS", 0.05)
    asking = Patience("joining", stall_seconds=0.2)
    with capture_logs() as said, pytest.raises(Unavailable, match="joining: nothing came of it"):
        while True:
            asking.strain()
            time.sleep(0.02)

    assert said
