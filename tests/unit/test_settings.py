"""Settings are checked when they are read, with a message that says what to do."""

import pytest

from ingestion.errors import ConfigurationError
from ingestion.settings import load_settings

MIB = 1024 * 1024


def test_a_wrong_setting_is_named_as_it_is_written() -> None:
    with pytest.raises(ConfigurationError, match=r"NEWS_KAFKA__COMPRESSION: .*'none', 'lz4' or 'zstd'"):
        load_settings(kafka={"compression": "gzip"})


def test_documents_that_a_record_cannot_hold_are_refused_with_the_way_out() -> None:
    with pytest.raises(ConfigurationError, match=rf"NEWS_KAFKA__MAX_RECORD_BYTES.*{21 * MIB} or more"):
        load_settings(broker="kafka://localhost:9092", fetch={"max_bytes": 20 * MIB})


def test_memory_that_no_page_can_be_read_with_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"NEWS_EXTRACTION__MEMORY_BYTES.*set 67108864 or more"):
        load_settings(extraction={"memory_bytes": 1_000_000})


def test_the_embedded_log_takes_documents_of_any_size() -> None:
    assert load_settings(fetch={"max_bytes": 20 * MIB}).fetch.max_bytes == 20 * MIB


@pytest.mark.parametrize("slot", ["", "a slot", "größer", "a/b"])
def test_a_slot_that_kafka_would_not_take_as_a_name_is_refused(slot: str) -> None:
    with pytest.raises(ConfigurationError, match="NEWS_SLOT"):
        load_settings(slot=slot)


def test_passwords_do_not_show() -> None:
    settings = load_settings(kafka={"password": "hush-kafka"}, elasticsearch={"api_key": "hush-search"})

    assert "hush" not in f"{settings!r} {settings.model_dump()} {settings.model_dump_json()}"
