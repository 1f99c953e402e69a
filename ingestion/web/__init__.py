"""Pages for people and JSON for programs: search, articles, status."""
