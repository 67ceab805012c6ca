"""`scorewire token`: a token for a person or a program, where the secret is at hand."""

import time

from scorewire.cli.composition import read_settings
from scorewire.cli.terminal import result
from scorewire.errors import InvalidRequestError, SetupError

_DAY_S = 86_400
_MOST_DAYS = 3_650


def token(*, subject: str, days: float = 30) -> None:
    """Print a token for a server with the same SCOREWIRE_JWT_SECRET.

    Args:
        subject: who it is for; jobs belong to whom they were submitted by.
        days: how long it counts.
    """
    from scorewire.http.keys import SharedSecret  # noqa: PLC0415 - kept off the `--help` path
    from scorewire.http.tokens import MAX_SUBJECT_CHARS, is_subject, sign  # noqa: PLC0415 - see above

    settings = read_settings()
    if settings.jwt_keys is not None:
        message = "Tokens for SCOREWIRE_JWT_KEYS are signed by whoever has the keys; ask there."
        raise SetupError(message)
    if settings.jwt_secret is None:
        message = "There is no secret to sign with; set SCOREWIRE_JWT_SECRET as the server has it."
        raise SetupError(message)
    secret = settings.jwt_secret.get_secret_value()
    SharedSecret(secret)
    if not is_subject(subject):
        message = f"Name the subject in 1 to {MAX_SUBJECT_CHARS} printable characters."
        raise InvalidRequestError(message, field="--subject")
    if not 0 < days <= _MOST_DAYS:
        message = f"A token counts for more than 0 and at most {_MOST_DAYS} days; correct --days."
        raise InvalidRequestError(message, field="--days")
    signed = sign(
        subject,
        secret=secret,
        expires_at_s=time.time() + days * _DAY_S,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
    )
    result(signed)
