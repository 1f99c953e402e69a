"""kafka-python's errors as ours: tried again, given away, fenced, or a matter of configuration."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import errors as kafka

from ingestion.errors import ConfigurationError, Fenced, NewsError, Rebalanced, Unavailable

GIVEN_AWAY = (
    kafka.CommitFailedError,
    kafka.IllegalGenerationError,
    kafka.RebalanceInProgressError,
    kafka.UnknownMemberIdError,
)
FENCED = (
    kafka.FencedInstanceIdError,
    kafka.InvalidProducerEpochError,
    kafka.ProducerFencedError,
    kafka.TransactionCoordinatorFencedError,
)
WRONGLY_SET_UP = (
    kafka.AuthorizationError,
    kafka.IllegalSaslStateError,
    kafka.InvalidReplicationFactorError,
    kafka.InvalidSessionTimeoutError,
    kafka.InvalidTransactionTimeoutError,
    kafka.KafkaConfigurationError,
    kafka.MessageSizeTooLargeError,
    kafka.PolicyViolationError,
    kafka.SaslAuthenticationFailedError,
    kafka.SecurityDisabledError,
    kafka.UnsupportedSaslMechanismError,
    kafka.UnsupportedVersionError,
)

PERHAPS_REFUSED = ". The login may have been refused: see NEWS_KAFKA__USERNAME and NEWS_KAFKA__PASSWORD"


@contextmanager
def faults(doing: str) -> Iterator[None]:
    """Translate what kafka-python raises in the block; `doing` says what was tried."""
    try:
        yield
    except kafka.KafkaError as error:
        raise translated(error, doing) from error
    except OSError as error:
        raise Unavailable(f"Kafka: {doing}: {error}") from error


@contextmanager
def first_contact(servers: str, *, login: bool) -> Iterator[None]:
    """Translate the same for a first connection, why which fails kafka-python tells its log alone.

    An answer that arrives together with the end of its connection is dropped by kafka-python 3.0, and a
    broker that refuses a login sends both at once: with `login`, a connection that ends says so.
    """
    heard = _Heard()
    speaker = logging.getLogger("kafka.net")
    speaker.addHandler(heard)
    try:
        yield
    except kafka.KafkaError as error:
        fault = translated(heard.last or error, f"reaching {servers}")
        if login and isinstance(fault, Unavailable):
            raise Unavailable(f"{fault}{PERHAPS_REFUSED}") from error
        raise fault from error
    finally:
        speaker.removeHandler(heard)


class _Heard(logging.Handler):
    """Keeps the last error that was logged as an exception; a login that was refused is not forgotten."""

    last: kafka.KafkaError | None = None

    def emit(self, record: logging.LogRecord) -> None:
        for told in record.args if isinstance(record.args, tuple) else ():
            if isinstance(told, kafka.KafkaError) and self._says_more(told):
                self.last = told

    def _says_more(self, told: kafka.KafkaError) -> bool:
        return not isinstance(self.last, WRONGLY_SET_UP) and not isinstance(told, kafka.KafkaTimeoutError)


def translated(error: BaseException, doing: str) -> NewsError:
    """Find our fault for one of kafka-python's.

    The broker fences a producer also when its transaction took longer than allowed, so the message of
    `Fenced` names both causes.
    """
    cause = _cause(error)
    name = type(cause).__name__
    said = f"Kafka: {doing}: {name}: {str(cause).removeprefix(f'{name}: ')}"
    if isinstance(cause, FENCED):
        return Fenced(
            f"{said}. Another worker has the same NEWS_SLOT, or this one was silent for longer than "
            "NEWS_KAFKA__TRANSACTION_SECONDS or NEWS_KAFKA__SESSION_SECONDS"
        )
    if isinstance(cause, GIVEN_AWAY):
        return Rebalanced(said)
    if isinstance(cause, WRONGLY_SET_UP):
        return ConfigurationError(f"{said}. See docs/kafka.md for what the cluster has to allow")
    return Unavailable(said)


def _cause(error: BaseException) -> BaseException:
    """The producer wraps what happened to an earlier request: its own error says little."""
    for inner in (*error.args, error.__cause__):
        if isinstance(inner, kafka.KafkaError) and type(error) is kafka.KafkaError:
            return _cause(inner)
    return error
