"""The Elasticsearch template of rejections: what a dead letter says of itself, but for its bytes."""

from typing import Any

TEMPLATE_VERSION = 1
"""Raised with every change of the template; an older program leaves a newer template alone."""

LONGEST_KEYWORD = 1_024

KEYWORD: dict[str, Any] = {"type": "keyword", "ignore_above": LONGEST_KEYWORD}
MESSAGE: dict[str, Any] = {"type": "text", "fields": {"keyword": KEYWORD}}
SOURCE = {"id": KEYWORD, "kind": KEYWORD, "url": KEYWORD, "item_id": KEYWORD}

PROPERTIES: dict[str, Any] = {
    "rejected_id": KEYWORD,
    "stage": KEYWORD,
    "error": KEYWORD,
    "message": MESSAGE,
    "transient": {"type": "boolean"},
    "source": {"properties": SOURCE},
    "run_id": KEYWORD,
    "locator": KEYWORD,
    "payload_kind": KEYWORD,
    "payload_bytes": {"type": "long"},
    "payload_sha256": KEYWORD,
    "topic": KEYWORD,
    "partition": {"type": "integer"},
    "offset": {"type": "long"},
    "rejected_at": {"type": "date"},
}


def rejected_template() -> dict[str, Any]:
    """The index template (composable, 8 and later)."""
    return {
        "index_patterns": ["news-rejected-*"],
        "priority": 200,
        "version": TEMPLATE_VERSION,
        "_meta": {"contract": "rejected", "contract_version": 1},
        "template": {
            "settings": {"index": {"number_of_shards": 1}},
            "mappings": {"dynamic": "strict", "properties": PROPERTIES},
        },
    }
