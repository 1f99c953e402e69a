"""The log: `embedded` (a SQLite file) and `kafka`, peers behind `ports.Broker`."""
