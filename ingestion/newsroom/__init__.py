"""A sample newsroom: six fictional publishers on loopback, to try the whole walk without the outside."""
