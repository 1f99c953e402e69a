"""What a worker loads before it says that it is ready, so that its first records do not wait for it."""


def warm_columns() -> None:
    """Load what reads records into columns, and judges them."""
    import pyarrow.compute  # noqa: F401 - loaded, and not used here

    from expectations import masks  # noqa: F401
    from schemas import arrow  # noqa: F401
