"""Secrets in files that only their owner can read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def read_secret(path: Path) -> str | None:
    """The secret in the file, None where there is none."""
    try:
        return path.read_text().strip() or None
    except FileNotFoundError:
        return None


def write_secret(path: Path, secret: str) -> None:
    """Write the secret; the file is never readable by others, and never half written."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        partial.unlink()
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)


def kept_login(path: Path, user: str) -> str:
    """The login `user:password` in the file, made up at the first call."""
    secret = read_secret(path)
    if secret is None:
        secret = f"{user}:{secrets.token_urlsafe(24)}"
        write_secret(path, secret)
    return secret
