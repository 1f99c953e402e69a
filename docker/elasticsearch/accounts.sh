#!/usr/bin/env bash
# The accounts of Kibana and of the pipeline in Elasticsearch; running it again changes nothing.
set -euo pipefail
umask 077

# Credentials go through files, because a command line is for all to see.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf 'user = "elastic:%s"\n' "$ELASTIC_PASSWORD" > "$work/curl"

request() { # method, path; the body from standard input
  curl --config "$work/curl" --silent --show-error --fail-with-body --output "$work/answer" \
    --retry 5 --retry-connrefused --max-time 30 --cacert /certificates/ca.crt \
    --request "$1" --header 'Content-Type: application/json' --data-binary @- "https://elasticsearch:9200$2" \
    || { cat "$work/answer" >&2; return 1; }
}

printf '{"password": "%s"}' "$ELASTICSEARCH_KIBANA_PASSWORD" | request POST /_security/user/kibana_system/_password
request PUT /_security/role/news < /setup/role.json
printf '{"password": "%s", "roles": ["news"], "full_name": "The news pipeline"}' "$ELASTICSEARCH_NEWS_PASSWORD" \
  | request PUT /_security/user/news
echo "accounts: kibana_system, news"
