"""JSON Web Tokens (RFC 7519): whose a token is, and whether it counts ([A2])."""

import jwt
import structlog

from scorewire.errors import UnauthenticatedError
from scorewire.http.callers import Caller
from scorewire.http.keys import Algorithm, Keys

LEEWAY_S = 5
"""How far the clocks of whoever signs tokens and of this machine may be apart."""

MAX_SUBJECT_CHARS = 255
_MAX_TOKEN_CHARS = 8192  # no honest one is longer, and nothing longer is worth decoding

log = structlog.get_logger(__name__)


class TokenVerifier:
    """Accepts tokens of one algorithm, with an end and an owner.

    Args:
        keys: what tokens are signed with.
        algorithm: the only one that counts, whatever a token says.
        audience: the `aud` that a token must name; without one, a token that names any is refused,
            as it is meant for another service (RFC 7519, clause 4.1.3).
        issuer: the `iss` that a token must name; None for any.
    """

    def __init__(
        self,
        keys: Keys,
        algorithm: Algorithm,
        *,
        audience: str | None = None,
        issuer: str | None = None,
    ) -> None:
        self._keys = keys
        self._algorithm = algorithm
        self._audience = audience
        self._issuer = issuer

    def verify(self, token: str) -> Caller:
        """Say who presents a token.

        Raises:
            UnauthenticatedError: it does not count (any more). Why is told only in the log, as
                whoever forges tokens would learn from it.
        """
        try:
            return self._verified(token)
        except jwt.ExpiredSignatureError:
            message = "The token has expired; get a new one."
            raise UnauthenticatedError(message) from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            # Beside its own errors the library lets those of JSON, base64 and numbers through.
            log.debug("token refused", why=type(error).__name__)
            message = "The token is not valid here; get one that is meant for this server."
            raise UnauthenticatedError(message) from None

    def _verified(self, token: str) -> Caller:
        if len(token) > _MAX_TOKEN_CHARS:
            raise jwt.DecodeError
        key = self._keys.find(jwt.get_unverified_header(token).get("kid"))
        if key is None:
            raise jwt.InvalidKeyError
        claims = jwt.decode(
            token,
            key,
            algorithms=[self._algorithm],
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY_S,
            options={"require": ["exp", "sub"]},
        )
        subject = claims["sub"]
        if not is_subject(subject):
            raise jwt.InvalidTokenError
        return Caller(subject=subject, expires_at_s=float(claims["exp"]))


def is_subject(text: str) -> bool:
    """Say whether a text can name the owner of jobs: short, and fit for a database and a log."""
    return 0 < len(text) <= MAX_SUBJECT_CHARS and text.isprintable()


def sign(
    subject: str, *, secret: str, expires_at_s: float, audience: str | None, issuer: str | None
) -> str:
    """Make a token that a server with the same secret accepts (HS256)."""
    claims = {"sub": subject, "exp": int(expires_at_s), "aud": audience, "iss": issuer}
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, secret, algorithm="HS256")
