"""TLS and a login: what is verified, and that a wrong password ends the job without being shown."""

import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from ingestion.broker.kafka.broker import KafkaBroker
from ingestion.broker.kafka.options import Cluster, Options
from ingestion.errors import ConfigurationError, Unavailable
from ingestion.ports import Message, Topic
from ingestion.stack.kafka import KafkaServer
from ingestion.stack.loopback import free_port
from tests.certificates import self_signed

PASSWORD = "opensesame"  # noqa: S105 - of a broker that lives as long as this test
WRONG = "opensesame-not"
TOPIC = Topic(name="in", partitions=1, retention_seconds=None)
PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


class Secured(NamedTuple):
    """A broker with a listener of each kind beside the plain one."""

    ports: dict[str, int]
    certificate: Path

    def broker(self, security: str, mechanism: str = "", **options: str | None) -> KafkaBroker:
        asked = f"security={security}" + (f"&mechanism={mechanism}" if mechanism else "")
        url = f"kafka://127.0.0.1:{self.ports[security]}/?{asked}"
        told: dict[str, str | None] = {"ca_file": str(self.certificate), **options}
        return KafkaBroker(Cluster.from_url(url, Options(stall_seconds=10, **told)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def secured(module_kafka: Callable[..., KafkaServer], tmp_path_factory: pytest.TempPathFactory) -> Secured:
    both = self_signed(tmp_path_factory.mktemp("certificates"))
    port = free_port()
    ports = {"plaintext": port, "ssl": free_port(), "sasl_ssl": free_port()}
    here = ",".join(f"{name.upper()}://127.0.0.1:{at}" for name, at in ports.items())
    names = ",".join(f"{name.upper()}:{name.upper()}" for name in ports)
    login = f'{PLAIN_LOGIN} required username="news" password="{PASSWORD}" user_news="{PASSWORD}";'
    module_kafka(
        port=port,
        settings={
            "listeners": f"{here},CONTROLLER://127.0.0.1:{port + 1}",
            "advertised.listeners": f"{here},CONTROLLER://127.0.0.1:{port + 1}",
            "listener.security.protocol.map": f"{names},CONTROLLER:PLAINTEXT",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(both),
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": login,
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{SCRAM_LOGIN} required;",
        },
    )
    secured = Secured(ports, both)
    with closing(secured.broker("plaintext")) as broker:
        broker.create_topics([TOPIC])
        login_for_scram = UserScramCredentialUpsertion("news", ScramMechanism.SCRAM_SHA_512, PASSWORD)
        broker._admin.alter_user_scram_credentials([login_for_scram])
    return secured


def round_trip(broker: KafkaBroker, value: bytes) -> bytes:
    """Send in a transaction, and read as a member of a group."""
    with closing(broker), closing(broker.producer("p")) as producer:
        with producer.transaction() as transaction:
            transaction.send(Message(topic="in", key=b"k", value=value))
        with closing(broker.consumer("g", ["in"])) as consumer:
            *_, record = consumer.poll(max_records=100, max_bytes=1_000_000, timeout_seconds=30)
    return record.value


def test_records_pass_over_tls(secured: Secured) -> None:
    assert round_trip(secured.broker("ssl"), b"over tls") == b"over tls"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_records_pass_with_a_login_over_tls(secured: Secured, mechanism: str) -> None:
    broker = secured.broker("sasl_ssl", mechanism, username="news", password=PASSWORD)

    assert round_trip(broker, mechanism.encode()) == mechanism.encode()


def test_a_certificate_that_nobody_vouches_for_is_refused(secured: Secured) -> None:
    with (
        closing(secured.broker("ssl", ca_file=None)) as broker,
        pytest.raises(Unavailable, match=r"127\.0\.0\.1.*(?i:certificate)"),
    ):
        broker.create_topics([TOPIC])


TOLD = r"reaching 127\.0\.0\.1.*(SaslAuthenticationFailed.*docs/kafka\.md|NEWS_KAFKA__PASSWORD)"
"""The second where the client dropped the broker's answer, which came with the end of the connection."""


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_is_told_and_is_shown_nowhere(
    secured: Secured, mechanism: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        closing(secured.broker("sasl_ssl", mechanism, username="news", password=WRONG)) as broker,
        pytest.raises((ConfigurationError, Unavailable), match=TOLD) as refused,
    ):
        broker.create_topics([TOPIC])
    said = f"{refused.value!r} {refused.value.__cause__!r} {caplog.text} {capsys.readouterr()}"

    assert WRONG not in said
