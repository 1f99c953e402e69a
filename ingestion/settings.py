"""Every setting, typed, with its meaning; read once, from the environment or from `news.toml`.

`NEWS_SEARCH=https://…` sets `search`; nested ones take two underscores: `NEWS_FETCH__MAX_BYTES`.
The environment goes before the file. `docs/settings.md` lists them all; a test holds it to this file.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from ingestion.errors import ConfigurationError

BUNDLED_CATALOGUE = Path(__file__).parent / "newsroom" / "catalogue"
LEAST_READING_BYTES = 64 * 1024 * 1024
"""With half of it, one in a hundred news pages is refused; with a sixteenth, one in ten."""

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(ge=0)]
RECORD_FRAME_BYTES = 1024 * 1024
"""Room in a record for what goes with a body: headers, addresses, the error of a dead letter."""
NAME = r"^[A-Za-z0-9._-]{0,100}$"
"""What Kafka takes as a name or a part of one."""


class FetchSettings(BaseModel):
    """How publishers are asked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_agent: str = Field(
        default="news-ingestion/0.1 (+mailto:operator@localhost)",
        description="Names this crawler to publishers; put an address there that reaches you.",
    )
    connect_timeout_seconds: Seconds = Field(default=10, description="Longest wait for a connection.")
    read_timeout_seconds: Seconds = Field(default=20, description="Longest silence while a body is read.")
    first_byte_timeout_seconds: Seconds = Field(
        default=15, description="Longest wait from the request to the first byte of its answer."
    )
    total_timeout_seconds: Seconds = Field(default=60, description="Longest time for one request.")
    max_header_bytes: Positive = Field(default=64 * 1024, description="Most bytes of headers in an answer.")
    max_bytes: Positive = Field(default=10 * 1024 * 1024, description="Largest body, decoded.")
    max_redirects: int = Field(default=5, ge=0, description="Redirects followed, each one checked.")
    min_interval_seconds: Seconds = Field(default=1, description="Pause between requests to one host.")
    requests_per_host: Positive = Field(default=1, description="Most requests to one host at a time.")
    hosts_at_once: Positive = Field(default=32, description="Hosts that one process asks side by side.")
    attempts: Positive = Field(default=3, description="Attempts at an address that does not answer.")
    connect_to: dict[str, str] = Field(
        default_factory=dict,
        description="Host patterns to `address:port`, for development: `{'*.example': '127.0.0.1:8765'}`.",
    )
    allow_private_hosts: tuple[str, ...] = Field(
        default=(), description="Hosts that may have private addresses; all others are refused."
    )
    respect_robots: bool = Field(default=True, description="Ask robots.txt (RFC 9309) before fetching.")
    ask_tdmrep: bool = Field(
        default=True,
        description="Ask each site once a day what it says about text and data mining (TDMRep).",
    )


class KafkaSettings(BaseModel):
    """What `NEWS_BROKER=kafka://…` leaves open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str = Field(
        default="", pattern=NAME, description="Begins the names of topics, groups and transactions."
    )
    username: str | None = Field(default=None, description="SASL user.")
    password: SecretStr | None = Field(default=None, description="SASL password.")
    ca_file: str | None = Field(default=None, description="Certificates to trust; the system's if unset.")
    certificate_file: str | None = Field(default=None, description="This client's certificate (mutual TLS).")
    key_file: str | None = Field(default=None, description="The key of that certificate.")
    key_password: SecretStr | None = Field(default=None, description="The password of that key.")
    replication_factor: int = Field(
        default=-1,
        ge=-1,
        description="Copies of each partition, set when topics are made; -1: the cluster's own.",
    )
    compression: Literal["none", "lz4", "zstd"] = Field(default="lz4", description="How records are packed.")
    in_flight_bytes: Positive = Field(
        default=64 * 1024 * 1024, description="Most bytes that wait for an acknowledgement."
    )
    max_record_bytes: Positive = Field(
        default=16 * 1024 * 1024, description="Largest record; the topics are made with this limit."
    )
    session_seconds: float = Field(
        default=30, ge=1, description="Silence after which a worker's partitions go to others."
    )
    poll_interval_seconds: float = Field(
        default=600, ge=1, description="Longest time for one batch; after it the batch goes to others."
    )
    transaction_seconds: float = Field(
        default=120, ge=1, description="Longest time for one transaction; after it the cluster aborts it."
    )
    stall_seconds: float = Field(
        default=300, ge=1, description="How long a broker that does not answer is waited for."
    )


class ElasticsearchSettings(BaseModel):
    """What `NEWS_SEARCH=https://…` leaves open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: SecretStr | None = Field(default=None, description="API key, as Elasticsearch encodes it.")
    username: str | None = Field(default=None, description="User, where there is no API key.")
    password: SecretStr | None = Field(default=None, description="Password of that user.")
    ca_file: Path | None = Field(default=None, description="Certificates to trust; the system's if unset.")
    allow_http: bool = Field(
        default=False, description="Take `http://` to another machine too, in a network that is safe."
    )
    prefix: str = Field(
        default="", pattern=r"^[a-z0-9._-]{0,100}$", description="Begins the names of indices."
    )
    shards: Positive | None = Field(default=None, description="Primary shards, when an index is made.")
    replicas: int | None = Field(default=None, ge=0, description="Replicas, when an index is made.")
    refresh_interval: str | None = Field(
        default=None, description="Refresh interval, when an index is made, as in `5s`."
    )
    refresh_each_batch: bool = Field(
        default=True, description="Make each batch searchable at once, and not a refresh interval later."
    )
    bulk_threads: Positive = Field(default=4, description="Bulk requests under way at once.")
    bulk_bytes: Positive = Field(default=1024 * 1024, description="Most bytes in one bulk request.")
    timeout_seconds: Seconds = Field(default=60, description="Longest time for one request.")
    write_seconds: Seconds = Field(
        default=120, description="How long a busy cluster is tried again for a batch."
    )
    read_seconds: Seconds = Field(
        default=10, description="How long a busy cluster is tried again for a search."
    )


class ExtractionSettings(BaseModel):
    """How articles are read out of documents."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    processes: int = Field(
        default=0,
        ge=0,
        description="Processes that read documents for one `transform`; 0: the processors, shared by the "
        "workers of `news stream`.",
    )
    seconds: float = Field(
        default=30, gt=0, description="Longest time for one document; then it is cut off and rejected."
    )
    memory_bytes: Positive = Field(
        default=1024 * 1024 * 1024,
        description="Most memory that reading takes in one process; 64 MiB or more, which some pages take.",
    )

    @field_validator("memory_bytes")
    @classmethod
    def _refuse_less_than_a_page_takes(cls, given: int) -> int:
        if given < LEAST_READING_BYTES:
            raise ValueError(
                f"{given} bytes are too few to read an ordinary page; "
                f"set {LEAST_READING_BYTES} or more, or leave it out"
            )
        return given


class CopiesSettings(BaseModel):
    """How far back an article's copies are looked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: float = Field(
        default=14,
        ge=0,
        description="Days that a text is remembered to find its copies; 0: none are looked for.",
    )
    most_articles: int = Field(
        default=2_000_000, ge=10_000, description="Most texts remembered for it; the oldest go first."
    )


class FurnitureSettings(BaseModel):
    """How furniture is learned that publishers print on many articles."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: float = Field(
        default=28,
        ge=0,
        description="Days that lines at the ends of articles are counted in; 0: nothing is learned.",
    )


class VersionsSettings(BaseModel):
    """How changes of published articles are found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: float = Field(
        default=30,
        gt=0,
        description="Days that the text of a version is kept, to say what the next one changed.",
    )
    most_versions: int = Field(
        default=500_000, ge=1_000, description="Most versions kept for it; the oldest go first."
    )
    rechecks_per_host: int = Field(
        default=50,
        ge=0,
        description="Most published articles that one reading of a source visits again at a host; 0: none.",
    )


class StreamSettings(BaseModel):
    """How `news stream` works."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    processes: Positive = Field(
        default=1, description="Workers of each job; more than there are partitions find nothing to do."
    )
    host: str = Field(default="127.0.0.1", description="Address for health and metrics; they have no login.")
    port: int = Field(
        default=9464, ge=0, le=65_535, description="Port for health and metrics; 0: any that is free."
    )
    linger_seconds: Seconds = Field(
        default=0.2, description="Pause in which records gather between two batches of transform and index."
    )
    store_seconds: Seconds = Field(
        default=20,
        description="The same for store, where each batch makes a file; a full batch does not wait.",
    )
    compact_seconds: Seconds = Field(
        default=3600, description="From one compaction of the lake to the next; 0: never."
    )
    watch_seconds: float = Field(default=15, ge=1, description="From one count of the lags to the next.")
    grace_seconds: Seconds = Field(
        default=30, description="How long workers have to finish when told to stop; then they are killed."
    )
    liveness_seconds: float = Field(
        default=60, ge=1, description="Silence after which a worker is not ready, and an idle one not alive."
    )


class Settings(BaseSettings):
    """Where everything is, and how much is done at a time."""

    model_config = SettingsConfigDict(
        env_prefix="NEWS_", env_nested_delimiter="__", toml_file="news.toml", extra="forbid", frozen=True
    )

    data_dir: Path = Field(default=Path("data"), description="Folder for all that is embedded.")
    broker: str = Field(default="", description="The log: `log:FILE` or `kafka://host:9092,…/?security=…`.")
    search: str = Field(
        default="", description="The index: `index:FOLDER`, `https://host:9200` or `cloud:ID`."
    )
    lake: str = Field(default="", description="The table: `file:FOLDER` or an object storage URL.")
    state: str = Field(default="", description="What is remembered: `sqlite:FILE` or `postgresql://…`.")
    exports: Path = Field(default=Path(), description="Folder of the plain Parquet exports.")
    export_rights: tuple[str, ...] = Field(
        default=("all",),
        min_length=1,
        description="Rights profiles to export by; each but `all` has a folder of its own beside it.",
    )
    rights_profiles: Path | None = Field(
        default=None, description="File with rights profiles of your own, beside those there are."
    )
    data_docs: Path = Field(default=Path(), description="Folder of the audit pages.")
    catalogue: Path = Field(
        default=BUNDLED_CATALOGUE,
        description="Folder of the publishers' files; the sample newsroom if unset.",
    )
    partitions: Positive = Field(
        default=4, description="Partitions of the data topics, set when they are made."
    )
    batch_records: Positive = Field(default=500, description="Most records in one batch.")
    store_batch_records: Positive = Field(
        default=10_000, description="Most records in one batch of `store`, each of which makes a file."
    )
    batch_bytes: Positive = Field(default=32 * 1024 * 1024, description="Most bytes of values in one batch.")
    buckets: Positive = Field(
        default=8, description="Most tasks a collection is split into; all sources of a host share one."
    )
    job_records: Positive = Field(default=1_000_000, description="Most records one job handles.")
    job_seconds: Seconds = Field(default=3600, description="Longest time one job begins new batches.")
    rejected_share_limit: float = Field(
        default=0.5, ge=0, le=1, description="Share of rejected documents above which `transform` stops."
    )
    source_trouble_seconds: Seconds = Field(
        default=172_800,
        description="How long a source may be broken, blocked, gone or frozen before `watch_sources` fails.",
    )
    index_memory_bytes: Positive = Field(
        default=64 * 1024 * 1024, description="Memory of the embedded index while it is written."
    )
    slot: str = Field(
        default="0",
        pattern=NAME,
        min_length=1,
        description="Name of this worker's place; a second worker with the same one fences the first.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="Least level that is logged."
    )
    kafka: KafkaSettings = Field(
        default_factory=KafkaSettings, description="How a Kafka cluster is reached and used."
    )
    elasticsearch: ElasticsearchSettings = Field(
        default_factory=ElasticsearchSettings, description="How an Elasticsearch cluster is reached and used."
    )
    copies: CopiesSettings = Field(
        default_factory=CopiesSettings, description="How far back an article's copies are looked for."
    )
    furniture: FurnitureSettings = Field(
        default_factory=FurnitureSettings, description="How furniture of publishers is learned."
    )
    extraction: ExtractionSettings = Field(
        default_factory=ExtractionSettings, description="How articles are read out of documents."
    )
    versions: VersionsSettings = Field(
        default_factory=VersionsSettings, description="How changes of published articles are found."
    )
    stream: StreamSettings = Field(default_factory=StreamSettings, description="How `news stream` works.")
    fetch: FetchSettings = Field(default_factory=FetchSettings, description="How publishers are asked.")

    @model_validator(mode="after")
    def _place_in_data_dir(self) -> Self:
        defaults: dict[str, object] = {
            "broker": f"log:{self.data_dir / 'log.sqlite'}",
            "search": f"index:{self.data_dir / 'index'}",
            "lake": f"file:{self.data_dir / 'lake'}",
            "state": f"sqlite:{self.data_dir / 'state.sqlite'}",
            "exports": self.data_dir / "exports" / "articles",
            "data_docs": self.data_dir / "data-docs",
        }
        for name, value in defaults.items():
            if getattr(self, name) in {"", Path()}:
                object.__setattr__(self, name, value)
        return self

    @model_validator(mode="after")
    def _refuse_documents_that_the_log_cannot_take(self) -> Self:
        largest_bytes = self.fetch.max_bytes + RECORD_FRAME_BYTES
        if self.broker.startswith("kafka:") and largest_bytes > self.kafka.max_record_bytes:
            raise ValueError(
                f"NEWS_FETCH__MAX_BYTES allows documents of {self.fetch.max_bytes} bytes, which do not fit "
                f"into records of NEWS_KAFKA__MAX_RECORD_BYTES={self.kafka.max_record_bytes}; "
                f"lower the first or set the second to {largest_bytes} or more"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings. Raises `ConfigurationError`, naming each wrong one and what to do."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        wrong = "\n".join(f"  {_variable(e['loc'])}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(f"settings are wrong:\n{wrong}\nSee docs/settings.md.") from error
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise ConfigurationError(f"the settings cannot be read: {error}") from error


def _variable(location: tuple[int | str, ...]) -> str:
    return "NEWS_" + "__".join(str(part).upper() for part in location) if location else "together"
