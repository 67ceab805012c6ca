"""The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header)."""

import re
from typing import Annotated

from litestar.params import Parameter

from scorewire.errors import InvalidRequestError
from scorewire.http.documentation import answer_header

MAX_KEY_CHARS = 255
REPLAYED_HEADER = "Idempotency-Replayed"

REPLAYED = answer_header(
    REPLAYED_HEADER, "`true` where an earlier request with the same key had made this job."
)
_KEY = rf'"?[!#-~]{{1,{MAX_KEY_CHARS}}}"?'
"""The draft writes the key in quotation marks, most clients leave them out."""

IdempotencyKey = Annotated[
    str | None,
    Parameter(
        header="Idempotency-Key",
        required=False,
        description="Your own name for this request, such as a UUID: 1 to 255 visible ASCII "
        "characters. A repeat with the same key returns the first job and starts nothing.",
        schema_extra={"pattern": f"^{_KEY}$"},
    ),
]


def checked_key(key: str | None) -> str | None:
    """Read the header.

    Raises:
        InvalidRequestError: it is empty, too long, or has other characters.
    """
    if key is None:
        return None
    if not re.fullmatch(_KEY, key):
        message = "The Idempotency-Key must have 1 to 255 visible ASCII characters; use a UUID."
        raise InvalidRequestError(message, field="Idempotency-Key")
    return key.strip('"')
