"""What a client has of an answer already: entity tags and `If-None-Match` (RFC 9110)."""

import hashlib
from typing import Annotated

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import Parameter

IfNoneMatch = Annotated[
    str | None,
    Parameter(header="If-None-Match", description="The `ETag` of the state that you know."),
]
"""A header that a handler may take."""

UNCHANGED = {304: ResponseSpec(None, description="Nothing changed")}
"""What OpenAPI says of the answer to a client that has the state already."""


def etag_of(*content: object) -> str:
    """Name a state by all that its answer depends on."""
    return f'"{hashlib.sha256(msgspec.json.encode(content)).hexdigest()[:32]}"'


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether the client has that very state."""
    candidates = {part.strip().removeprefix("W/") for part in (if_none_match or "").split(",")}
    return "*" in candidates or etag in candidates
