"""The log on a Kafka cluster: `ports.Broker` over kafka-python."""
