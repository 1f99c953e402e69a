#!/usr/bin/env bash
# Certificates for Elasticsearch and Kibana, three years long, from an authority whose key is never kept.
# Remove the volume `certificates` to get new ones.
set -euo pipefail
umask 077

if [ -s /certificates/ca.crt ]; then
  echo "certificates: there already"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/instances.yml" <<END
instances:
  - name: elasticsearch
    dns: [elasticsearch, localhost]
    ip: [127.0.0.1]
  - name: kibana
    dns: [kibana, localhost]
    ip: [127.0.0.1]
END

bin/elasticsearch-certutil ca --silent --pem --out "$work/ca.zip"
unzip -q "$work/ca.zip" -d "$work"
bin/elasticsearch-certutil cert --silent --pem --in "$work/instances.yml" \
  --ca-cert "$work/ca/ca.crt" --ca-key "$work/ca/ca.key" --out "$work/signed.zip"
unzip -q "$work/signed.zip" -d "$work"

# Keys are for group 0, which is that of Elasticsearch and Kibana; certificates are for all.
for name in elasticsearch kibana; do
  install -m 0640 "$work/$name/$name.key" "/certificates/$name.key"
  install -m 0644 "$work/$name/$name.crt" "/certificates/$name.crt"
done
# Last, because it says that the rest is there.
install -m 0644 "$work/ca/ca.crt" /certificates/ca.crt
echo "certificates: made"
