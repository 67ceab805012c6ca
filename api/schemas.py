"""Bodies of requests and answers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from scorewire.jobs.job import JobStatus
from scorewire.jobs.options import InstrumentNames, KeyName, Metre, Options, Tempo, Title


class TranscribeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recording to be fetched, and what is known about it."""

    youtube_url: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2048,
            description="Where the recording is; the server knows which hosts it may fetch from.",
            examples=["https://www.youtube.com/watch?v=dQw4w9WgXcQ"],
        ),
    ]
    options: Annotated[Options, Meta(description="All of them may be left out.")] = Options()


class JobAccepted(msgspec.Struct, frozen=True):
    """A job that now exists, and where it can be watched.

    `status` is `queued`, or `failed` where the work could not be started: the job then waits for
    a retry.
    """

    job_id: Annotated[UUID, Meta(description="The job's id, by which it is asked for.")]
    status: Annotated[
        JobStatus,
        Meta(description="`queued`, or `failed` where the work could not be started: then retry."),
    ]
    created_at: Annotated[datetime, Meta(description="When the job was submitted.")]
    websocket_url: Annotated[
        str, Meta(description="Where the job is watched, at the host that was asked.")
    ]
    status_url: Annotated[str, Meta(description="Where the job is polled, as a path.")]
    events_url: Annotated[
        str, Meta(description="Where the job is watched as Server-Sent Events, as a path.")
    ]


class Renaming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a job is to be called."""

    title: Annotated[Title, Meta(description="What the score is called.")]


class Revision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be written otherwise; whatever is left out stays as it is."""

    tempo_bpm: Annotated[
        Tempo | UnsetType | None,
        Meta(description="Beats a minute as a metronome counts them; null has it estimated."),
    ] = UNSET
    metre: Annotated[
        Metre | UnsetType | None, Meta(description="The time signature; null has it estimated.")
    ] = UNSET
    key: Annotated[
        KeyName | UnsetType | None,
        Meta(description="Like `Eb major`; null has it estimated.", examples=["G major"]),
    ] = UNSET
    title: Annotated[Title | UnsetType, Meta(description="What the score is called.")] = UNSET
    instrument_names: Annotated[
        InstrumentNames | UnsetType,
        Meta(description="Of the parts from the top of the page; one that is empty is chosen."),
    ] = UNSET
    chord_symbols: Annotated[
        bool | UnsetType, Meta(description="Whether chords are named over the top staff.")
    ] = UNSET
    swing: Annotated[
        bool | UnsetType | None,
        Meta(
            description="Whether eighths are swung: written straight, under the word `Swing`; "
            "null has it decided as heard."
        ),
    ] = UNSET


class ServerInfo(msgspec.Struct, frozen=True):
    """What a server takes, and from whom."""

    version: Annotated[str, Meta(description="Of Scorewire.")]
    max_upload_bytes: Annotated[int, Meta(description="Largest file that is taken.")]
    max_duration_s: Annotated[
        float, Meta(description="Longest recording, or section of one, that is transcribed.")
    ]
    url_hosts: Annotated[
        tuple[str, ...],
        Meta(description="Hosts, with their subdomains, that recordings are fetched from."),
    ]
    token_required: Annotated[bool, Meta(description="Whether jobs and scores need a token.")]
    prefect_ui_url: Annotated[
        str | None, Meta(description="Where operators see every run; null where that is not told.")
    ]


class Readiness(msgspec.Struct, frozen=True):
    """Whether this service can do its work, and which part keeps it from it."""

    ready: Annotated[bool, Meta(description="All of the others but `worker`.")]
    database: Annotated[bool, Meta(description="Postgres answers.")]
    listener: Annotated[bool, Meta(description="Events reach the streams of this process.")]
    prefect: Annotated[bool, Meta(description="Prefect's server answers, and has the deployment.")]
    storage: Annotated[bool, Meta(description="Recordings and scores can be written.")]
    worker: Annotated[
        bool,
        Meta(description="A worker of the pool is alive; without one, jobs wait in the queue."),
    ]


class Liveness(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Annotated[str, Meta(description="Always `ok`.")] = "ok"
