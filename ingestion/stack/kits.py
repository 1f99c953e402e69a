"""Ready-made servers in the cache: fetched, checked, compiled, and put in place at one stroke."""

import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from filelock import FileLock

from ingestion.errors import ConfigurationError, Stop
from ingestion.stack import jars
from ingestion.stack.java import find_java, find_maven
from ingestion.stack.parts import (
    DESCRIPTOR,
    LOCK,
    POM,
    SERVERS,
    SOURCES,
    cache_folder,
    digest,
    rendered,
    version,
)

JAVA_FOR: Mapping[str, int] = {"kafka": 17, "elasticsearch": 21}
"""The oldest release of Java that each runs on."""

MADE_OF: Mapping[str, Sequence[Path]] = {
    "kafka": (POM, LOCK),
    "elasticsearch": (POM, LOCK, DESCRIPTOR, Path(__file__), *SOURCES),
}
COMPILE_SECONDS = 300
HTTP_MODULE = "transport-netty4"
INNER_DESCRIPTOR = f"META-INF/es-plugins/{HTTP_MODULE}/plugin-descriptor.properties"


def kafka_kit(cache: Path | None = None) -> Path:
    """Give the folder of Kafka, whose `lib` is its class path; fetch it where it is missing."""
    return _kept("kafka", _build_kafka, cache)


def elasticsearch_kit(cache: Path | None = None) -> Path:
    """Give the folder of Elasticsearch: `lib` and `classes` are its class path, `home` is its home."""
    return _kept("elasticsearch", _build_elasticsearch, cache)


def missing_tools(servers: Sequence[str] = SERVERS, cache: Path | None = None) -> list[str]:
    """Say what has to be installed before servers can be started, nothing where all is there.

    Maven and the compiler are needed only as long as a server is not in the cache.
    """
    needs: list[Callable[[], object]] = [partial(find_java, JAVA_FOR[server]) for server in servers]
    fetched = [server for server in servers if not _place(server, cache).is_dir()]
    if fetched:
        needs.append(find_maven)
    if "elasticsearch" in fetched:
        needs.append(partial(find_java, JAVA_FOR["elasticsearch"], compiler=True))
    return list(dict.fromkeys(sentence for need in needs if (sentence := _refusal(need))))


def _refusal(need: Callable[[], object]) -> str | None:
    try:
        need()
    except ConfigurationError as fault:
        return str(fault)
    return None


def _place(server: str, cache: Path | None) -> Path:
    """Name a kit by all that it is made of, so that a change makes a new one."""
    kit = f"{server}-{version(server)}-{digest(*MADE_OF[server])[:12]}"
    return (cache or cache_folder()) / kit


def _kept(server: str, build: Callable[[Path], None], cache: Path | None) -> Path:
    kit = _place(server, cache)
    if kit.is_dir():
        return kit
    cache = kit.parent
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{server}.lock"):
        if not kit.is_dir():
            with tempfile.TemporaryDirectory(dir=cache, prefix=f".{server}-") as folder:
                build(Path(folder) / "kit")
                (Path(folder) / "kit").replace(kit)
    return kit


def _build_kafka(kit: Path) -> None:
    jars.fetch("kafka", kit / "lib")


def _build_elasticsearch(kit: Path) -> None:
    lib, module, plugin = kit / "lib", kit / "home/modules" / HTTP_MODULE, kit / "home/plugins/news-stand-in"
    jars.fetch("elasticsearch", lib)
    _move_module(lib, module)
    classes = kit / "classes"
    _compile(kit / "classes", class_path=f"{lib}/*")
    plugin.mkdir(parents=True)
    _pack_plugin(classes, plugin)


def _move_module(lib: Path, module: Path) -> None:
    """Part the HTTP module from the server: a jar that is in both places is refused at the start."""
    module.mkdir(parents=True)
    for pattern in ("netty-*.jar", f"{HTTP_MODULE}-*.jar"):
        for jar in lib.glob(pattern):
            shutil.move(jar, module)
    with zipfile.ZipFile(next(module.glob(f"{HTTP_MODULE}-*.jar"))) as archive:
        described = archive.read(INNER_DESCRIPTOR).decode()
    # The server is on the class path and no module, so the module must not be one either.
    kept = [line for line in described.splitlines() if not line.startswith("modulename")]
    (module / "plugin-descriptor.properties").write_text("\n".join(kept) + "\n", encoding="utf-8")


def _compile(classes: Path, *, class_path: str) -> None:
    java = find_java(JAVA_FOR["elasticsearch"], compiler=True)
    options = ["--release", str(JAVA_FOR["elasticsearch"]), "-proc:none", "-nowarn"]
    command: list[str | Path] = [java.javac, *options, "-cp", class_path, "-d", classes, *SOURCES]
    done = subprocess.run(  # noqa: S603 - the compiler and sources of ours
        command, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False
    )
    if done.returncode != 0:
        raise Stop(f"the Java part of Elasticsearch does not compile:\n{done.stderr or done.stdout}")


def _pack_plugin(classes: Path, plugin: Path) -> None:
    """Put all but the main class into the plugin's jar, and the main class alone on the class path."""
    main = "NodeMain.class"
    with zipfile.ZipFile(plugin / "news-stand-in.jar", "w") as jar:
        for compiled in sorted(classes.rglob("*.class")):
            if compiled.name != main:
                jar.write(compiled, compiled.relative_to(classes))
                compiled.unlink()
    described = rendered(DESCRIPTOR.name, version=version("elasticsearch"))
    (plugin / DESCRIPTOR.name).write_text(described, encoding="utf-8")
