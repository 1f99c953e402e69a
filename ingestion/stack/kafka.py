"""A Kafka broker of our own: KRaft, one node that is broker and controller."""

import base64
import subprocess
import uuid
from typing import ClassVar

from ingestion.errors import Stop
from ingestion.stack.java import find_java
from ingestion.stack.kits import JAVA_FOR, kafka_kit
from ingestion.stack.loopback import HOST
from ingestion.stack.parts import rendered, version
from ingestion.stack.probes import accepts, kafka_serves
from ingestion.stack.server import Server

PROPERTIES = "server.properties"
"""Relative to the folder, as all paths that Kafka is told: this format has letters to be escaped."""

SHOWN_LINES = 5


class KafkaServer(Server):
    """Kafka on `port`, its controller on the port after it. `settings` go before those of `config/`."""

    name: ClassVar[str] = "Kafka"
    version: ClassVar[str] = version("kafka")

    @property
    def url(self) -> str:
        """The address for NEWS_BROKER."""
        return f"kafka://{self.address}"

    @property
    def address(self) -> str:
        """The bootstrap server."""
        return f"{HOST}:{self.port}"

    def fetch(self) -> None:
        """Fetch the jars where they are missing."""
        kafka_kit()

    def answers(self) -> bool:
        """Whether it really serves, not only listens."""
        return accepts(self.port) and kafka_serves(self.address)

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "log4j2.properties").write_text(rendered("log4j2.properties"), encoding="utf-8")
        base = rendered("kafka.properties", port=self.port, controller_port=self.port + 1)
        own = "".join(f"{name}={value}\n" for name, value in self.settings.items())
        (self.folder / PROPERTIES).write_text(base + own, encoding="utf-8")
        if not (self.data / "meta.properties").is_file():
            self._format()

    def _format(self) -> None:
        """Give new storage its cluster id; the broker does not start on a bare folder."""
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [
            *self._java("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m"),
            *("kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}"),
            *("--config", PROPERTIES, "--standalone"),
        ]
        done = subprocess.run(  # noqa: S603 - the command is ours
            command, cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode != 0:
            told = "\n".join((done.stderr or done.stdout).splitlines()[:SHOWN_LINES])
            raise Stop(f"Kafka's storage in {self.data} cannot be formatted:\n{told}")

    def _command(self) -> list[str]:
        options = (
            *self.java_options,
            f"-Xmx{self.heap_mib}m",
            "-XX:MaxDirectMemorySize=256m",
            # A thread's direct buffer grows to its largest request and would stay so.
            "-Djdk.nio.maxCachedBufferSize=1048576",
        )
        return [*self._java(*options), "kafka.Kafka", PROPERTIES]

    def _java(self, *options: str) -> list[str]:
        found = find_java(JAVA_FOR["kafka"])
        return [
            *(str(found.java), *options),
            "-Dlog4j2.configurationFile=log4j2.properties",
            *("-cp", f"{kafka_kit()}/lib/*"),
        ]
