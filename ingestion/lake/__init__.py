"""The lake: a Delta table of all versions, what reads it, and what is made from it."""
