"""An Elasticsearch node of our own: the published jars, and what stands in for modules that are not."""

from typing import ClassVar

from ingestion.errors import ConfigurationError
from ingestion.stack.java import find_java
from ingestion.stack.kits import JAVA_FOR, elasticsearch_kit
from ingestion.stack.loopback import HOST
from ingestion.stack.parts import rendered, version
from ingestion.stack.probes import elasticsearch_serves
from ingestion.stack.server import Server


class ElasticsearchServer(Server):
    """Elasticsearch on `port`, its transport on the port after it. `settings` go before its own."""

    name: ClassVar[str] = "Elasticsearch"
    version: ClassVar[str] = version("elasticsearch")

    @property
    def url(self) -> str:
        """The address for NEWS_SEARCH."""
        return f"http://{HOST}:{self.port}"

    def fetch(self) -> None:
        """Fetch the jars where they are missing."""
        elasticsearch_kit()

    def answers(self) -> bool:
        """Whether it really serves, not only listens."""
        return elasticsearch_serves(self.url)

    def _prepare(self) -> None:
        if "," in str(self.folder):
            raise ConfigurationError(
                f"Elasticsearch takes {self.folder} for several folders, for the comma in it; choose another"
            )
        config = self.folder / "config"
        config.mkdir(parents=True, exist_ok=True)
        (config / "log4j2.properties").write_text(rendered("log4j2.properties"), encoding="utf-8")

    def _command(self) -> list[str]:
        kit = elasticsearch_kit()
        settings = {
            "cluster.name": "news-stack",
            "node.name": "news-stack",
            "path.home": str(kit / "home"),
            "path.data": str(self.data),
            "path.logs": str(self.logs),
            "http.port": str(self.port),
            "transport.port": str(self.port + 1),
            **self.settings,
        }
        return [
            *(str(find_java(JAVA_FOR["elasticsearch"]).java), *self.java_options),
            # The node speaks while it is closed, which the shutdown hook of log4j would forestall.
            *("-Dlog4j.shutdownHookEnabled=false", "-Dlog4j2.disable.jmx=true"),
            *(f"-Xms{self.heap_mib}m", f"-Xmx{self.heap_mib}m"),
            *("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"),
            *("-cp", f"{kit}/classes:{kit}/lib/*", "news.stack.NodeMain", str(self.folder / "config")),
            *(f"{name}={value}" for name, value in settings.items()),
        ]
