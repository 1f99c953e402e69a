"""Real Kafka and Elasticsearch on this machine, for development and tests, without containers."""
