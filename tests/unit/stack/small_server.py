"""The smallest server there can be: a Python process that listens, and does as its options say."""

import socket
import sys
from typing import ClassVar

from ingestion.stack.loopback import HOST
from ingestion.stack.probes import accepts
from ingestion.stack.server import Server

PROGRAM = """
import signal, socket, sys, time
port, how = int(sys.argv[1]), sys.argv[2]
print("beginning", how, flush=True)
if how == "dies":
    sys.exit(3)
if how == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
listening = socket.create_server(("127.0.0.1", port))
while True:
    time.sleep(60)
"""


class SmallServer(Server):
    name: ClassVar[str] = "Small"
    version: ClassVar[str] = "1"
    stop_seconds: ClassVar[float] = 2

    @property
    def url(self) -> str:
        return f"tcp://{HOST}:{self.port}"

    def fetch(self) -> None:
        """Nothing is fetched."""

    def answers(self) -> bool:
        return accepts(self.port)

    def _prepare(self) -> None:
        self.data.mkdir(exist_ok=True)

    def _command(self) -> list[str]:
        how = self.settings.get("how", "stays")
        return [sys.executable, "-c", PROGRAM, str(self.port), how, self.marker]


def taken(port: int = 0) -> socket.socket:
    """Listen on a port as another program would."""
    return socket.create_server((HOST, port))
