# ruff: noqa: INP001 - a script, not a package
"""Write docker/.env from docker/.env.example, with a fresh secret for each variable that is empty there.

`python3 docker/new_env.py you@your.example`: the address goes into the user agent, so that publishers can
reach you. Needs Python's standard library only. An .env that exists is left as it is.
"""

import os
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent


def without_hyphen(make: Callable[[], str]) -> str:
    """Make a value until it does not begin as an option does, which Kafka's tools refuse."""
    while (made := make()).startswith("-"):
        pass
    return made


def fernet_key() -> str:
    """Return 32 bytes in padded base64 (the Fernet specification, "Key Format")."""
    return without_hyphen(lambda: urlsafe_b64encode(secrets.token_bytes(32)).decode())


def cluster_id() -> str:
    """Return 16 bytes in base64 without padding, as Kafka writes ids."""
    return without_hyphen(lambda: secrets.token_urlsafe(16))


SPECIAL = {"AIRFLOW_FERNET_KEY": fernet_key, "KAFKA_CLUSTER_ID": cluster_id}
"""Variables of a form of their own; every other empty one is 32 random bytes in hexadecimal."""


def filled(line: str, contact: str) -> str:
    """Return a line of the example as it is to be in .env."""
    name, separator, value = line.partition("=")
    if line.startswith("#") or not separator or value:
        return line
    if name == "NEWS_FETCH__USER_AGENT":
        return f'{name}="news-ingestion/0.1 (+mailto:{contact})"'
    return f"{name}={SPECIAL.get(name, lambda: secrets.token_hex(32))()}"


def write(target: Path, contact: str) -> None:
    """Write the file, readable by its owner only. Raises `FileExistsError`."""
    example = (HERE / ".env.example").read_text(encoding="utf-8").splitlines()
    lines = "\n".join(filled(line, contact) for line in example)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{lines}\n")


def main() -> None:
    """Run the script."""
    if len(sys.argv) != 2 or "@" not in sys.argv[1] or not sys.argv[1].isprintable() or '"' in sys.argv[1]:
        sys.exit("usage: python3 docker/new_env.py you@your.example")
    try:
        write(HERE / ".env", sys.argv[1])
    except FileExistsError as error:
        sys.exit(f"{error.filename} is there already; move it away if you want a new one")
    sys.stdout.write(f"wrote {HERE / '.env'}\n")


if __name__ == "__main__":
    main()
