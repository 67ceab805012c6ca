"""Everything that can go wrong, as one tree.

    ScorewireError
    ├── RequestError            the request itself cannot be served; asking again changes nothing
    │   ├── InvalidRequestError, NotFoundError, NotKeptError, ConflictError
    │   ├── UnauthenticatedError, ForeignOriginError
    │   ├── UnsupportedUrlError, BlockedAddressError
    │   ├── IdempotencyKeyReusedError
    │   └── TooLargeError
    ├── RecordingError          the recording cannot become a score
    │   ├── NotAudioError, TruncatedAudioError, EmptyAudioError, SilentAudioError
    │   ├── TooLongError, VideoUnavailableError
    │   └── NoNotesError
    ├── TransientError          the same work may succeed in a moment
    │   ├── DownloadFailedError, StageTimeoutError
    │   ├── OutOfMemoryError
    │   ├── TooManyRequestsError
    │   └── ServiceUnavailableError
    ├── SetupError              an operator has something to install or set
    │   ├── WeightsMissingError, PortInUseError, PostgresMissingError
    │   └── StackFailedError
    ├── WorkerLostError         the process doing the work died
    ├── CancelledJobError       a person stopped the job
    └── InternalError           a fault of ours

Each class has one stable ``code`` (listed in docs/errors.md) and says whether the same request
may succeed later (``retryable``). The text of an error is one sentence for a person, and says
what to do.
"""

from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """The stable codes that clients may rely on."""

    INVALID_REQUEST = "invalid_request"
    NOT_FOUND = "not_found"
    NOT_KEPT = "not_kept"
    CONFLICT = "conflict"
    NOT_AUTHENTICATED = "not_authenticated"
    FOREIGN_ORIGIN = "foreign_origin"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    TOO_MANY_REQUESTS = "too_many_requests"
    UNSUPPORTED_URL = "unsupported_url"
    BLOCKED_ADDRESS = "blocked_address"
    TOO_LARGE = "too_large"
    NOT_AUDIO = "not_audio"
    TRUNCATED_AUDIO = "truncated_audio"
    EMPTY_AUDIO = "empty_audio"
    SILENT_AUDIO = "silent_audio"
    TOO_LONG = "too_long"
    VIDEO_UNAVAILABLE = "video_unavailable"
    NO_NOTES = "no_notes"
    DOWNLOAD_FAILED = "download_failed"
    STAGE_TIMEOUT = "stage_timeout"
    OUT_OF_MEMORY = "out_of_memory"
    SERVICE_UNAVAILABLE = "service_unavailable"
    WEIGHTS_MISSING = "weights_missing"
    PORT_IN_USE = "port_in_use"
    POSTGRES_MISSING = "postgres_missing"
    STACK_FAILED = "stack_failed"
    WORKER_LOST = "worker_lost"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


class ScorewireError(Exception):
    """Base of every error that Scorewire raises on purpose.

    Args:
        message: one sentence for a person, saying what to do.
        field: name of the request field at fault, where there is one.
    """

    code: ClassVar[ErrorCode] = ErrorCode.INTERNAL
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class RequestError(ScorewireError):
    """The request itself cannot be served."""

    code = ErrorCode.INVALID_REQUEST


class InvalidRequestError(RequestError):
    """A field has a value that is not allowed."""


class NotFoundError(RequestError):
    """No such job, or it is not the caller's."""

    code = ErrorCode.NOT_FOUND


class NotKeptError(RequestError):
    """The file was there, and is kept no longer."""

    code = ErrorCode.NOT_KEPT


class ConflictError(RequestError):
    """The job is not in a state that allows this."""

    code = ErrorCode.CONFLICT


class UnauthenticatedError(RequestError):
    """No token came along, or one that does not (or no longer) count."""

    code = ErrorCode.NOT_AUTHENTICATED


class ForeignOriginError(RequestError):
    """A page of another site asks, and this server was not told to trust that site."""

    code = ErrorCode.FOREIGN_ORIGIN


class IdempotencyKeyReusedError(RequestError):
    """The Idempotency-Key came before, with another request."""

    code = ErrorCode.IDEMPOTENCY_KEY_REUSED


class UnsupportedUrlError(RequestError):
    """The address is not one of a host that recordings may be fetched from."""

    code = ErrorCode.UNSUPPORTED_URL


class BlockedAddressError(RequestError):
    """The address resolves to a private or reserved network."""

    code = ErrorCode.BLOCKED_ADDRESS


class TooLargeError(RequestError):
    """The file has more bytes than this server takes."""

    code = ErrorCode.TOO_LARGE


class RecordingError(ScorewireError):
    """The recording cannot become a score."""


class NotAudioError(RecordingError):
    """The file holds no audio stream that can be decoded."""

    code = ErrorCode.NOT_AUDIO


class TruncatedAudioError(RecordingError):
    """The file ends before its audio does."""

    code = ErrorCode.TRUNCATED_AUDIO


class EmptyAudioError(RecordingError):
    """The file, or the section asked for, has no samples."""

    code = ErrorCode.EMPTY_AUDIO


class SilentAudioError(RecordingError):
    """Nothing can be heard in the recording."""

    code = ErrorCode.SILENT_AUDIO


class TooLongError(RecordingError):
    """The recording is longer than this server takes."""

    code = ErrorCode.TOO_LONG


class VideoUnavailableError(RecordingError):
    """The video is private, removed, live or blocked here."""

    code = ErrorCode.VIDEO_UNAVAILABLE


class NoNotesError(RecordingError):
    """No pitched notes were found."""

    code = ErrorCode.NO_NOTES


class TransientError(ScorewireError):
    """The same work may succeed in a moment."""

    code = ErrorCode.SERVICE_UNAVAILABLE
    retryable = True


class DownloadFailedError(TransientError):
    """The network or the remote host failed."""

    code = ErrorCode.DOWNLOAD_FAILED


class StageTimeoutError(TransientError):
    """A stage took longer than it may."""

    code = ErrorCode.STAGE_TIMEOUT


class OutOfMemoryError(TransientError):
    """The device had too little memory for the model."""

    code = ErrorCode.OUT_OF_MEMORY


class TooManyRequestsError(TransientError):
    """The client asks more often, or watches more, than it may.

    Args:
        message: one sentence for a person, saying what to do.
        retry_after_s: when the same request may succeed.
    """

    code = ErrorCode.TOO_MANY_REQUESTS

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ServiceUnavailableError(TransientError):
    """Postgres, Prefect or storage cannot be reached at the moment."""


class SetupError(ScorewireError):
    """An operator has something to install or set."""


class WeightsMissingError(SetupError):
    """The model's weights are not on this machine and cannot be fetched."""

    code = ErrorCode.WEIGHTS_MISSING


class PortInUseError(SetupError):
    """Another program listens on the port."""

    code = ErrorCode.PORT_IN_USE


class PostgresMissingError(SetupError):
    """No Postgres server program was found on this machine."""

    code = ErrorCode.POSTGRES_MISSING


class StackFailedError(SetupError):
    """A part of the stack did not start, or keeps failing."""

    code = ErrorCode.STACK_FAILED


class WorkerLostError(ScorewireError):
    """The process doing the work died without a word."""

    code = ErrorCode.WORKER_LOST
    retryable = True


class CancelledJobError(ScorewireError):
    """A person stopped the job."""

    code = ErrorCode.CANCELLED
    retryable = True


class InternalError(ScorewireError):
    """A fault of ours: it is logged in full, and told in one sentence."""

    retryable = True
