"""The unprivileged user that Postgres runs as when Scorewire is started by root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class ServiceUser:
    """A user by name and numbers."""

    name: str
    uid: int
    gid: int


def unprivileged_user(owned: Path) -> ServiceUser | None:
    """Choose the user for Postgres, which refuses to run as root.

    Args:
        owned: its data folder; where that exists already, its owner stays the user.

    Returns:
        None where the current user is not root and simply runs Postgres.
    """
    if os.geteuid() != 0:
        return None
    if owned.exists() and (uid := owned.stat().st_uid) != 0:
        gid = owned.stat().st_gid
        try:
            return ServiceUser(pwd.getpwuid(uid).pw_name, uid, gid)
        except KeyError:  # a container's user without a line in /etc/passwd
            return ServiceUser(str(uid), uid, gid)
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceUser(name, entry.pw_uid, entry.pw_gid)
    return ServiceUser("65534", 65534, 65534)  # the kernel's overflow user exists without a name


def can_reach(path: Path, user: ServiceUser | None) -> bool:
    """Say whether the user may enter the folder `path`, or run the program there.

    The kernel is asked rather than the mode bits: access lists and mounts count too.
    """
    if user is None:
        return os.access(path, os.X_OK)
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; the path is an argument, not code
            ["/bin/sh", "-c", 'test -x "$1"', "sh", path],
            cwd="/",
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
