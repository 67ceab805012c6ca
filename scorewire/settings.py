"""The only reader of the environment; `.env` files are not read.

Every field is an environment variable `SCOREWIRE_<FIELD>`; docs/configuration.md lists them.
"""

import os
import sys
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_data_dir() -> Path:
    # A service run as root keeps its state where the file hierarchy standard puts it: the
    # unprivileged user that Postgres then runs as could not enter /root.
    if os.name == "posix" and os.geteuid() == 0:
        return Path("/var/lib/scorewire")
    return platformdirs.user_data_path("scorewire")


def _default_worker() -> Literal["warm", "process"]:
    # Elsewhere a process that has threads of the system's own libraries cannot be forked safely.
    return "warm" if sys.platform == "linux" else "process"


class Settings(BaseSettings):
    """All of Scorewire's settings, with the defaults of a one-machine installation."""

    model_config = SettingsConfigDict(env_prefix="SCOREWIRE_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default_factory=_default_data_dir,
        description="Where the embedded Postgres, recordings, results and logs are kept.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="Postgres 14 or later, `postgresql://user:password@host/database`. "
        "Without it an embedded Postgres is started.",
    )
    prefect_database_url: SecretStr | None = Field(
        default=None,
        description="Database for the Prefect server that `scorewire up` starts. Without it, a "
        "database called `prefect` on the server of `database_url`.",
    )
    storage_url: str | None = Field(
        default=None,
        description="Where recordings and results are stored: `file:///path` or `s3://bucket/"
        "prefix`. Without it, the folder `blobs` in `data_dir`.",
    )
    presigned_downloads: bool = Field(
        default=False,
        description="Whether programs are sent to the bucket itself for large files, by an address "
        "that is good for a minute. Browsers are not, and a folder has no such address.",
    )
    keep_uploads_days: float = Field(
        default=30,
        ge=0,
        description="Days that a recording is kept as it was sent, after the last job with it "
        "ended; 0 is for ever.",
    )
    keep_sound_days: float = Field(
        default=30,
        ge=0,
        description="Days that what was heard is kept, the decoded recording and its stems, after "
        "the last job with it ended; 0 is for ever.",
    )
    keep_scores_days: float = Field(
        default=0,
        ge=0,
        description="Days that scores and the notes that they were made of are kept after the "
        "last job with them ended; 0 is for ever.",
    )
    keep_events_days: float = Field(
        default=7,
        ge=0,
        description="Days that all events of a job are kept after it ended; its last one stays. 0 "
        "is for ever.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port of the API.")
    prefect_port: int = Field(
        default=4200, ge=0, le=65535, description="Port of the Prefect server and its UI."
    )
    page_url: str | None = Field(
        default=None,
        description="Where people see the page, for the links in Prefect. Without it, `host` and "
        "`port`.",
    )
    prefect_ui_url: str | None = Field(
        default=None,
        description="Where operators see Prefect's UI; with it the page links each job to its "
        "run. `scorewire up` sets it where only this machine can reach the page.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe log lines that are written."
    )
    log_format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description="How log lines are written; `auto` is `console` in a terminal and `json` "
        "elsewhere.",
    )
    max_duration_s: float = Field(
        default=900.0, gt=0, description="Longest recording that is transcribed, in seconds."
    )
    max_upload_bytes: int = Field(
        default=200 * 1024 * 1024, gt=0, description="Largest file that is taken, in bytes."
    )
    url_hosts: tuple[str, ...] = Field(
        default=("youtube.com", "youtu.be", "youtube-nocookie.com"),
        description="Hosts (and their subdomains) that recordings may be fetched from.",
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        default="auto", description="Where models run; `auto` takes the GPU when there is one."
    )
    demucs_model: str | None = Field(
        default=None,
        description="Demucs model. Without it, htdemucs_6s where piano or guitar is asked for "
        "and htdemucs otherwise.",
    )
    demucs_folder: Path | None = Field(
        default=None,
        description="Folder with Demucs models (`<name>.yaml` and `<signature>-<checksum>.th`); "
        "without it they come from Demucs's own hub.",
    )
    separator: str = Field(
        default="scorewire.inference.separation:DemucsSeparator",
        description="Class that separates stems, `module:Class`.",
    )
    transcriber: str = Field(
        default="scorewire.inference.transcription:BasicPitchTranscriber",
        description="Class that transcribes notes, `module:Class`.",
    )
    transcriber_weights: Path | None = Field(
        default=None,
        description="File or folder with the transcriber's weights; without it, those that come "
        "with it. Of basic-pitch a file, its model in ONNX form (see transcribers.md).",
    )
    worker: Literal["warm", "process"] = Field(
        default_factory=_default_worker,
        description="How transcriptions are started: `warm` forks them from a process that has "
        "everything imported (Linux only), `process` starts a fresh Python for each.",
    )
    concurrent_runs: int = Field(
        default=4,
        gt=0,
        description="Transcriptions that are under way at the same time. One of them at a time "
        "has the GPU, or the machine's cores.",
    )
    nightly_sources: tuple[str, ...] = Field(
        default=(),
        description="What `bulk/nightly` transcribes at two in the morning: folders, manifests, "
        "playlists or buckets (see bulk.md). Without any it does nothing.",
    )
    heartbeat_s: float = Field(
        default=30.0, gt=0, description="Silence on a connection before a heartbeat is sent."
    )
    job_silence_s: float = Field(
        default=45.0,
        ge=15,
        description="Silence of a working process after which its job is given up for lost; it is "
        "noticed within a fifth more.",
    )
    trusted_proxies: tuple[str, ...] = Field(
        default=(),
        description="Addresses or networks of proxies whose `X-Forwarded-For` and "
        "`X-Forwarded-Proto` count.",
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(),
        description="Other sites whose pages may use the API and the streams, as "
        "`https://example.org`.",
    )
    jwt_algorithm: Literal["HS256", "RS256", "ES256"] = Field(
        default="HS256", description="The one algorithm that tokens may be signed with."
    )
    jwt_secret: SecretStr | None = Field(
        default=None,
        description="Secret that signs tokens with HS256; with it, everyone needs a token.",
    )
    jwt_keys: Path | None = Field(
        default=None,
        description="A JSON Web Key Set whose keys sign tokens, chosen by `kid`; with it, everyone "
        "needs a token. It is read again when it changes.",
    )
    jwt_audience: str | None = Field(default=None, description="The `aud` that a token must name.")
    jwt_issuer: str | None = Field(default=None, description="The `iss` that a token must name.")
    connections_per_minute: int = Field(
        default=10,
        ge=0,
        description="New streams that one client address may open in a minute; 0 is no limit.",
    )
    submissions_per_minute: int = Field(
        default=30,
        ge=0,
        description="Jobs that one client may submit or retry in a minute; 0 is no limit.",
    )
    max_streams: int = Field(
        default=10_000, gt=0, description="Streams that one process serves at the same time."
    )
    max_streams_per_address: int = Field(
        default=100,
        gt=0,
        description="Streams that one process serves to one client address at the same time.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="Bearer token that `/metrics` asks for. Without it only programs on the same "
        "machine may read the figures, and no proxy's clients.",
    )
    worker_metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="Port on which a warm worker tells Prometheus of its GPUs and runs, at the "
        "address of `host`; 0 is none.",
    )
    token: SecretStr | None = Field(
        default=None,
        description="Bearer token that `scorewire transcribe` shows to a server that asks for one.",
    )


def traces_wanted() -> bool:
    """Whether OpenTelemetry's own variables name where traces go."""
    names = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"  # noqa: TID251 - as below
    return not off and any(os.environ.get(name) for name in names)  # noqa: TID251 - as below


def inherited_environment() -> dict[str, str]:
    """The environment that the processes of `scorewire up` inherit."""
    return dict(os.environ)  # noqa: TID251 - this module is the one reader that the rule names
