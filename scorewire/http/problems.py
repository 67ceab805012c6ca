"""Every error that leaves the server, as RFC 9457 problem details ([R3])."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, NotFoundException, ValidationException
from litestar.types import ExceptionHandlersMap
from msgspec import Meta

from scorewire.errors import (
    ErrorCode,
    InternalError,
    InvalidRequestError,
    ScorewireError,
    TooManyRequestsError,
    UnauthenticatedError,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:scorewire:error:"

HTTP_STATUS = {
    ErrorCode.INVALID_REQUEST: 400,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.NOT_KEPT: 410,
    ErrorCode.CONFLICT: 409,
    ErrorCode.NOT_AUTHENTICATED: 401,
    ErrorCode.FOREIGN_ORIGIN: 403,
    ErrorCode.IDEMPOTENCY_KEY_REUSED: 422,
    ErrorCode.TOO_MANY_REQUESTS: 429,
    ErrorCode.UNSUPPORTED_URL: 422,
    ErrorCode.BLOCKED_ADDRESS: 422,
    ErrorCode.TOO_LARGE: 413,
    ErrorCode.NOT_AUDIO: 422,
    ErrorCode.TRUNCATED_AUDIO: 422,
    ErrorCode.EMPTY_AUDIO: 422,
    ErrorCode.SILENT_AUDIO: 422,
    ErrorCode.TOO_LONG: 422,
    ErrorCode.VIDEO_UNAVAILABLE: 422,
    ErrorCode.NO_NOTES: 422,
    ErrorCode.DOWNLOAD_FAILED: 503,
    ErrorCode.STAGE_TIMEOUT: 503,
    ErrorCode.OUT_OF_MEMORY: 503,
    ErrorCode.SERVICE_UNAVAILABLE: 503,
    ErrorCode.WEIGHTS_MISSING: 500,
    ErrorCode.PORT_IN_USE: 500,
    ErrorCode.POSTGRES_MISSING: 500,
    ErrorCode.STACK_FAILED: 500,
    ErrorCode.WORKER_LOST: 500,
    ErrorCode.CANCELLED: 409,
    ErrorCode.INTERNAL: 500,
}
"""The status of an answer that is refused with a code; errors of running jobs are events."""

_CODES = {404: ErrorCode.NOT_FOUND, 409: ErrorCode.CONFLICT, 413: ErrorCode.TOO_LARGE}
_DETAILS = {
    404: "There is nothing at this address; check it against /api/openapi/openapi.json.",
    405: "This address does not take that method; the Allow header lists those it takes.",
    413: "The request has more bytes than this server takes; send a smaller one.",
}
_RETRY_AFTER_S = 5
_SERVER_ERROR = 500
_CLIENT_LEFT = "client disconnected prematurely"  # Litestar's words, for no fault of the server
# Litestar decodes a body as the field `data` of the handler's arguments.
_LEADING_DATA = re.compile(r"^data(?:\.|$)")
_DECODING_ERROR = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_NAMED_FIELD = re.compile(r"(?:unknown|missing required) field `(?P<name>\w+)`")


class FieldError(msgspec.Struct, frozen=True):
    """A part of the request that is not as it should be."""

    field: Annotated[
        str, Meta(description="Its path in the request.", examples=["options.start_s"])
    ]
    message: Annotated[
        str, Meta(description="What it should be.", examples=["Expected `float` >= 0.0"])
    ]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not served: RFC 9457 problem details with a stable code."""

    type: Annotated[
        str,
        Meta(description="The code as a URI.", examples=["urn:scorewire:error:invalid_request"]),
    ]
    title: Annotated[str, Meta(description="The code in words.", examples=["Invalid request"])]
    status: Annotated[int, Meta(description="The status of the answer.", examples=[400])]
    detail: Annotated[
        str,
        Meta(
            description="One sentence for people: what is wrong, what to do.",
            examples=["The request is not valid: correct options.start_s."],
        ),
    ]
    code: Annotated[
        ErrorCode,
        Meta(
            description="What is wrong, as one of the codes of this version. A later version may "
            "have more: go by `retryable` where a code is unknown."
        ),
    ]
    retryable: Annotated[bool, Meta(description="Whether the same request may succeed later.")]
    errors: Annotated[
        list[FieldError], Meta(description="Each part of the request that is at fault.")
    ] = []


def field_error(error: Exception) -> FieldError:
    """Name the field of a body that msgspec refused, as a path like `options.start_s`."""
    match = _DECODING_ERROR.match(str(error))
    what, path = (match["what"], match["path"] or "") if match else (str(error), "")
    named = _NAMED_FIELD.search(what)
    parts = [path, named["name"] if named else ""]
    return FieldError(field=".".join(part for part in parts if part), message=what)


def decoding_error(error: Exception, root: str) -> InvalidRequestError:
    """Turn msgspec's error about the form field `root` into one for a person."""
    fault = field_error(error)
    field = ".".join(part for part in (root, fault.field) if part)
    return InvalidRequestError(
        f"{fault.message}; correct the field and send it again.", field=field
    )


def scorewire_problem(
    _request: ASGIConnection[Any, Any, Any, Any], error: ScorewireError
) -> Response[Problem]:
    """Answer with an error of our own tree."""
    errors = [] if error.field is None else [FieldError(error.field, error.message)]
    answer = _answer(
        HTTP_STATUS[error.code], error.code, error.message, errors, retryable=error.retryable
    )
    if isinstance(error, TooManyRequestsError):
        answer.set_header("Retry-After", str(error.retry_after_s))
    if isinstance(error, UnauthenticatedError):
        answer.set_header("WWW-Authenticate", "Bearer")
    return answer


def http_problem(_request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """Answer with an error that Litestar found."""
    status = error.status_code
    if error.detail == _CLIENT_LEFT:
        message = "The connection ended before the body did; send the request again."
        return scorewire_problem(_request, InvalidRequestError(message))
    if status >= _SERVER_ERROR:
        return unexpected_problem(_request, error)
    errors = []
    detail = _DETAILS.get(status, f"{error.detail}; correct the request and send it again.")
    if isinstance(error, ValidationException):
        errors = _validation_errors(error)
        fields = ", ".join(fault.field for fault in errors if fault.field) or "the body"
        detail = f"The request is not valid: correct {fields}."
    code = _CODES.get(status, ErrorCode.INVALID_REQUEST)
    answer = _answer(status, code, detail, errors, retryable=False)
    for name, value in (error.headers or {}).items():
        answer.set_header(name, value)
    return answer


def undecodable_problem(
    request: Request[Any, Any, Any], error: UnicodeDecodeError | RecursionError
) -> Response[Problem]:
    """Answer to a JSON body in another encoding, or of great depth; Litestar foresees neither."""
    message = "The body is not JSON in UTF-8; correct the encoding and send it again."
    if isinstance(error, RecursionError):
        message = "The body is nested too deeply; send what the API's description shows."
    return scorewire_problem(request, InvalidRequestError(message))


def no_such_file_problem(request: Request[Any, Any, Any], _error: Exception) -> Response[Problem]:
    """Answer to a file's name that no file system takes, which Litestar does not foresee."""
    return http_problem(request, NotFoundException())


def unexpected_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Log a fault of ours in full, and tell it in one sentence."""
    log.error("request failed", path=request.url.path, exc_info=error)
    message = "Something went wrong on the server; try again, and report it if it stays."
    return scorewire_problem(request, InternalError(message))


def _validation_errors(error: ValidationException) -> list[FieldError]:
    if isinstance(error.__cause__, msgspec.ValidationError):
        fault = field_error(error.__cause__)
        return [FieldError(_LEADING_DATA.sub("", fault.field), fault.message)]
    told = error.extra if isinstance(error.extra, list) else []
    return [FieldError(str(fault.get("key", "")), str(fault["message"])) for fault in told]


def problem(
    status: int,
    code: ErrorCode,
    detail: str,
    errors: Sequence[FieldError] = (),
    *,
    retryable: bool = False,
) -> Problem:
    """Describe why a request was not served."""
    return Problem(
        type=f"{TYPE_PREFIX}{code.value}",
        title=code.value.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        code=code,
        retryable=retryable,
        errors=list(errors),
    )


def _answer(
    status: int, code: ErrorCode, detail: str, errors: list[FieldError], *, retryable: bool
) -> Response[Problem]:
    told = problem(status, code, detail, errors, retryable=retryable)
    headers = {}
    if retryable:
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    return Response(told, status_code=status, media_type=MEDIA_TYPE, headers=headers)


PROBLEM_HANDLERS: ExceptionHandlersMap = {
    ScorewireError: scorewire_problem,
    HTTPException: http_problem,
    Exception: unexpected_problem,
}
"""What an application answers to each kind of exception."""
