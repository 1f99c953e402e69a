"""Full-text search: one query language, and the peers that answer it."""
