"""kafka-python's errors as ours: tried again, given away, fenced, or a matter of configuration."""

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


@contextmanager
def faults(doing: str) -> Iterator[None]:
    """Translate what kafka-python raises in the block; `doing` says what was tried."""
    try:
        yield
    except kafka.KafkaError as error:
        raise translated(error, doing) from error
    except OSError as error:
        raise Unavailable(f"Kafka: {doing}: {error}") from error


def translated(error: BaseException, doing: str) -> NewsError:
    """Find our fault for one of kafka-python's.

    The broker fences a producer also when its transaction took longer than allowed, so the message of
    `Fenced` names both causes.
    """
    cause = _cause(error)
    said = f"Kafka: {doing}: {type(cause).__name__}: {cause}"
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
