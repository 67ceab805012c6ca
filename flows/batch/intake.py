"""A recording of a bulk run becomes a job of its own, made as the API makes one, once.

Its job is found again by its content and options, so a run that is started again takes up what
another left, and leaves alone what is done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from threading import Lock
from uuid import UUID, uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import from_url

from flows.batch.sources import BUCKET, Item, bucket_and_key
from flows.batch.tally import Outcome
from flows.journal import Journal, working_on
from flows.runtime import Runtime
from flows.scratch import scratch_folder
from scorewire.errors import (
    DownloadFailedError,
    EmptyAudioError,
    InvalidRequestError,
    TooLargeError,
)
from scorewire.jobs.filenames import plain_filename, safe_filename
from scorewire.jobs.job import JobStatus
from scorewire.jobs.source import LinkSource, Source, UploadSource
from scorewire.store.bulk import (
    StandingJob,
    bulk_key,
    create_taken_job,
    standing_job,
    take_failed_job,
)
from scorewire.store.jobs import JobRequest

_CHUNK_BYTES = 1 << 20


@dataclass
class Work:
    """A recording that the run has taken up.

    Attributes:
        item: where it comes from.
        key: by which its job is found again.
        journal: the run's hand on its job.
        request: what the job asks for.
        recording, notes: what its stages have made so far, as blob keys.
        stems: as above.
        audio_s: how long it is, once that is known.
    """

    item: Item
    key: str
    journal: Journal
    request: JobRequest
    recording: dict[str, str] = field(default_factory=dict)
    stems: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    audio_s: float = 0.0


@dataclass(frozen=True)
class Ended:
    """A recording that there is nothing to do for; its job says why."""

    outcome: Outcome
    job: StandingJob


class Elsewhere:
    """Somebody works on the recording at the moment: another run, or another part of this one."""


class Intake:
    """Takes up recordings for one run, from several threads.

    Args:
        runtime: the process's.
        flow_run_id: the run.
        owner: to whom the jobs belong.
        retry_failed: whether what failed for a reason of its own is tried again.
    """

    def __init__(
        self, runtime: Runtime, flow_run_id: UUID, owner: str | None, *, retry_failed: bool
    ) -> None:
        self._runtime = runtime
        self._flow_run_id = flow_run_id
        self._owner = owner
        self._retry_failed = retry_failed
        self._at_hand: set[str] = set()
        self._lock = Lock()

    def take_up(self, item: Item) -> Work | Ended | Elsewhere:
        """Find or make a recording's job, and take it for the run; `put_down` it afterwards.

        Raises:
            ScorewireError: the recording cannot be read, so there is no job of it.
        """
        with self._local_file(item) as path:
            sha256 = None if path is None else _sha256(path)
            key = bulk_key(sha256 or item.place, item.options)
            with self._lock:
                if key in self._at_hand:
                    return Elsewhere()
                self._at_hand.add(key)
            taken: Work | Ended | Elsewhere | None = None
            try:
                while taken is None:
                    taken = self._take(item, key, path, sha256)
            finally:
                if not isinstance(taken, Work):
                    self._forget(key)
            return taken

    def put_down(self, work: Work) -> None:
        """Let go of a recording that the run is done with."""
        self._forget(work.key)

    def _forget(self, key: str) -> None:
        with self._lock:
            self._at_hand.discard(key)

    def _take(
        self, item: Item, key: str, path: Path | None, sha256: str | None
    ) -> Work | Ended | Elsewhere | None:
        """One try; None where someone else changed the job meanwhile."""
        job = self._runtime.store(standing_job, key, owner=self._owner)
        if job is None:
            return self._create(item, key, path, sha256)
        match job.status:
            case JobStatus.COMPLETED:
                return Ended(Outcome.KEPT, job)
            case JobStatus.FAILED if not (self._retry_failed or job.interrupted):
                return Ended(Outcome.FAILED_BEFORE, job)
            case JobStatus.FAILED:
                self._store_again(job.source, path)
                if not self._runtime.store(take_failed_job, job.job_id, self._flow_run_id):
                    return None
            case _:
                if job.flow_run_id != self._flow_run_id:
                    return Elsewhere()
        return self._work(item, key, job.job_id)

    def _work(self, item: Item, key: str, job_id: UUID) -> Work | None:
        journal = Journal(self._runtime, job_id, self._flow_run_id)
        request = journal.claim()
        return None if request is None else Work(item, key, journal, request)

    def _create(self, item: Item, key: str, path: Path | None, sha256: str | None) -> Work | None:
        job_id = uuid4()
        source: Source = LinkSource(url=item.place)
        title = item.options.title
        if path is not None and sha256 is not None:
            name = plain_filename(PurePosixPath(item.place).name)
            blob_key = f"uploads/{job_id}/{safe_filename(name)}"
            source = UploadSource(blob_key=blob_key, sha256=sha256, filename=name)
            title = title or PurePosixPath(name).stem
            self._runtime.blobs.put_file(blob_key, path)
        created = self._runtime.store(
            create_taken_job,
            job_id=job_id,
            key=key,
            source=source,
            options=item.options,
            owner=self._owner,
            title=title,
            flow_run_id=self._flow_run_id,
        )
        if not created and isinstance(source, UploadSource):
            self._runtime.blobs.delete(source.blob_key)
        return self._work(item, key, job_id) if created else None

    def _store_again(self, source: Source, path: Path | None) -> None:
        """Retention may have removed the recording of a job that is taken up again."""
        if not isinstance(source, UploadSource) or path is None:
            return
        if not self._runtime.blobs.exists(source.blob_key):
            self._runtime.blobs.put_file(source.blob_key, path)

    @contextmanager
    def _local_file(self, item: Item) -> Iterator[Path | None]:
        """The recording as a file on this machine; None for a link."""
        if item.fault is not None:
            raise InvalidRequestError(item.fault)
        if item.is_link:
            yield None
        elif item.place.startswith(BUCKET):
            nobody = Journal(self._runtime, self._flow_run_id, self._flow_run_id)
            with working_on(nobody), scratch_folder() as folder:
                path = folder / "recording"
                _fetch(item.place, path, self._max_bytes)
                yield self._checked(item, path)
        else:
            yield self._checked(item, Path(item.place))

    @property
    def _max_bytes(self) -> int:
        return self._runtime.settings.max_upload_bytes

    def _checked(self, item: Item, path: Path) -> Path:
        try:
            size_bytes = path.stat().st_size
            with path.open("rb"):
                pass
        except OSError as error:
            message = f"The file {item.place} cannot be read ({error.strerror}); check it."
            raise InvalidRequestError(message) from error
        if size_bytes == 0:
            message = "The file is empty; choose a recording that has sound."
            raise EmptyAudioError(message)
        if size_bytes > self._max_bytes:
            raise _too_large(self._max_bytes)
        return path


def _fetch(place: str, path: Path, max_bytes: int) -> None:
    bucket, key = bucket_and_key(place)
    try:
        found = obstore.get(from_url(bucket), key)
        if found.meta["size"] > max_bytes:
            raise _too_large(max_bytes)
        with path.open("wb") as file:
            for chunk in found.stream(min_chunk_size=_CHUNK_BYTES):
                file.write(chunk)
    except (BaseError, OSError) as error:
        message = f"{place} cannot be fetched; check its name and the AWS_ settings."
        raise DownloadFailedError(message) from error


def _too_large(max_bytes: int) -> TooLargeError:
    return TooLargeError(
        f"The recording has more than {max_bytes / 1_000_000:.0f} MB; choose a smaller one."
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
