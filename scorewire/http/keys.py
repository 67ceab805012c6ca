"""The keys that tokens are checked with: one secret, or a set of keys in a file.

Everything said here is said without the keys themselves: what a library tells of a key that it
cannot read may hold the key.
"""

import os
from pathlib import Path
from typing import Any, Literal, Protocol

import jwt
import msgspec
import structlog
from jwt.utils import base64url_encode
from typing_extensions import override

from scorewire.errors import SetupError

Algorithm = Literal["HS256", "RS256", "ES256"]

_KEY_TYPES: dict[Algorithm, str] = {"HS256": "oct", "RS256": "RSA", "ES256": "EC"}

log = structlog.get_logger(__name__)


class _KeySet(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class Keys(Protocol):
    """Where the key of a token is looked up."""

    def find(self, kid: str | None) -> jwt.PyJWK | None:
        """Return the key that a token names, or None where it is not one of ours."""


class SharedSecret(Keys):
    """One secret, which signs and checks (HS256); a token's `kid` says nothing then.

    Args:
        secret: at least 32 bytes.

    Raises:
        SetupError: it is shorter, or no secret at all but a public key.
    """

    def __init__(self, secret: str) -> None:
        if not secret:
            raise _too_short(where="SCOREWIRE_JWT_SECRET", algorithm="HS256")
        encoded = base64url_encode(secret.encode()).decode()
        self._key = _usable({"kty": "oct", "k": encoded}, "HS256", "SCOREWIRE_JWT_SECRET")

    @override
    def find(self, kid: str | None) -> jwt.PyJWK | None:
        return self._key


class KeyFile(Keys):
    """A JSON Web Key Set (RFC 7517) in a file, read again when the file changes.

    Keys are thus exchanged without a restart: add the new one, sign with it, take the old one out.
    While the file cannot be read the keys that it had last stay in force.

    Args:
        path: the file.
        algorithm: the one that the keys are for; keys for others are passed over.

    Raises:
        SetupError: it cannot be read, or has no key for the algorithm.
    """

    def __init__(self, path: Path, algorithm: Algorithm) -> None:
        self._path = path
        self._algorithm = algorithm
        self._seen = self._stamp()
        self._keys = self._read()

    @override
    def find(self, kid: str | None) -> jwt.PyJWK | None:
        self._refresh()
        if kid is None:
            return self._keys[0] if len(self._keys) == 1 else None
        return next((key for key in self._keys if key.key_id == kid), None)

    def _refresh(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._keys = self._read()
        except SetupError as error:
            log.error("the former keys stay in force", error=error.message)  # noqa: TRY400 - nothing for a traceback
        else:
            log.info("keys read again", path=str(self._path), keys=len(self._keys))

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - asked for each token, and Path.stat is slower
        except (OSError, ValueError):
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> list[jwt.PyJWK]:
        where = f"SCOREWIRE_JWT_KEYS ({self._path})"
        try:
            told = msgspec.json.decode(self._path.read_bytes(), type=_KeySet)
        except (OSError, ValueError, msgspec.MsgspecError, RecursionError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no JSON Web Key Set"
            message = f"{where} cannot be read ({why}); correct the file or the setting."
            raise SetupError(message) from None
        keys = [
            _usable(jwk, self._algorithm, where)
            for jwk in told.keys
            if _is_for(jwk, self._algorithm)
        ]
        if not keys:
            message = f"{where} has no key for {self._algorithm}; add one to the file."
            raise SetupError(message)
        return keys


def _is_for(jwk: dict[str, Any], algorithm: Algorithm) -> bool:
    return (
        jwk.get("kty") == _KEY_TYPES[algorithm]
        and jwk.get("alg", algorithm) == algorithm
        and jwk.get("use", "sig") == "sig"
    )


def _usable(jwk: dict[str, Any], algorithm: Algorithm, where: str) -> jwt.PyJWK:
    try:
        key = jwt.PyJWK(jwk, algorithm)
        prepared = key.Algorithm.prepare_key(key.key)
        too_short = key.Algorithm.check_key_length(prepared) is not None
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        message = f"{where} has a key that is not one for {algorithm}; correct it."
        raise SetupError(message) from None
    if too_short:
        raise _too_short(where=where, algorithm=algorithm)
    if algorithm != "HS256" and "d" in jwk:
        message = f"{where} has a private key; leave only public keys there."
        raise SetupError(message)
    return key


def _too_short(*, where: str, algorithm: Algorithm) -> SetupError:
    least = "32 bytes" if algorithm == "HS256" else "2048 bits"
    return SetupError(f"{where} has a key that is too short; it takes at least {least}, at random.")
