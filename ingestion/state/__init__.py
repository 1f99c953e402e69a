"""What is remembered between runs: claims, pages seen, source health, the ledger (SQLAlchemy)."""
