"""Looking after the catalogue by commands: adding, switching, checking, exchanging lists."""
