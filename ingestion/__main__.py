"""The command `news`. Exit codes: 0 done, 1 stopped by a fault, 2 wrong usage or settings, 75 try again."""

import sys

from ingestion.errors import ConfigurationError, NewsError, Transient

STOPPED, WRONG_USAGE, TRY_AGAIN = 1, 2, 75


def main() -> None:
    """Run the command line; a fault is told in a sentence, a defect of ours with its trace."""
    from ingestion.cli import app

    try:
        app()
    except NewsError as fault:
        print(f"news: {type(fault).__name__}: {fault}", file=sys.stderr)  # noqa: T201 - the command line prints
        sys.exit(exit_code(fault))


def exit_code(fault: NewsError) -> int:
    """Tell scripts whether trying again makes sense (75 is EX_TEMPFAIL of sysexits.h)."""
    if isinstance(fault, Transient):
        return TRY_AGAIN
    return WRONG_USAGE if isinstance(fault, ConfigurationError) else STOPPED


if __name__ == "__main__":
    main()
