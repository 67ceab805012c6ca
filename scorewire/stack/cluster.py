"""The files of an embedded Postgres cluster: made once, owned by the right user, never shared.

folder/
├── lock           held (flock) while someone looks after this cluster
├── password       of the role `scorewire`, made once
├── data           the cluster itself, owned by the user that Postgres runs as
└── programs-18.4  a copy, only where that user cannot reach the installed programs
"""

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil

from scorewire.errors import StackFailedError
from scorewire.stack.binaries import PostgresBinaries
from scorewire.stack.privileges import ServiceUser, can_reach, unprivileged_user
from scorewire.stack.secret import read_secret, write_secret

ROLE = "scorewire"
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}
"""Postgres needs nothing of the caller's environment."""

_FIRST_MAJOR_WITH_BUILTIN_LOCALE = 17
_FAST_SHUTDOWN_TIMEOUT_S = 20


class Cluster:
    """A Postgres cluster's folder.

    Args:
        folder: created if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self._lock: int | None = None

    def lock(self) -> None:
        """Take this folder for this process.

        Raises:
            StackFailedError: another process has it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            msg = f"The database in {self.folder} is in use by another Scorewire: stop that first."
            raise StackFailedError(msg) from error
        self._lock = lock

    def unlock(self) -> None:
        """Give the folder back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def major(self) -> int | None:
        """The Postgres version that made the cluster; None where there is none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            return None
        except ValueError as error:
            msg = f"{self.data} is not a Postgres data folder: move it away to start afresh."
            raise StackFailedError(msg) from error

    def service_user(self) -> ServiceUser | None:
        """The user to run Postgres as, who can enter the folder; None for the current one.

        Raises:
            StackFailedError: that user cannot enter it.
        """
        user = unprivileged_user(self.data)
        if user is None:
            return None
        self.folder.chmod(0o711)  # the service user passes through and sees nothing else
        if not can_reach(self.folder, user):
            msg = (
                f"Postgres runs as the user {user.name}, who cannot enter {self.folder}: set "
                "SCOREWIRE_DATA_DIR to a folder that every user may pass through."
            )
            raise StackFailedError(msg)
        return user

    def reachable_programs(self, binaries: PostgresBinaries, user: ServiceUser | None) -> Path:
        """The folder of programs that the service user can run, copied here where need be."""
        if can_reach(binaries.folder / "postgres", user):
            return binaries.folder
        copy = self.folder / f"programs-{binaries.version}"
        if not copy.exists():
            partial = self.folder / "programs.new"
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(binaries.folder.parent, partial, symlinks=True)
            partial.chmod(0o755)
            partial.rename(copy)
        return copy / binaries.folder.name

    def create(self, programs: Path, major: int, user: ServiceUser | None) -> None:
        """Make the cluster; a crash on the way leaves nothing that looks like one.

        Raises:
            StackFailedError: initdb failed.
        """
        password = secrets.token_urlsafe(24)
        write_secret(self.folder / "password", password)
        # initdb runs as the service user, who may not read our copy.
        partial, handover = self.folder / "data.new", self.folder / "password.new"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        write_secret(handover, password)
        if user is not None:
            for path in (partial, handover):
                os.chown(path, user.uid, user.gid)
        try:
            self._run_initdb(programs, major, user)
        finally:
            handover.unlink()
        partial.rename(self.data)

    def password(self) -> str:
        """The password of the role `ROLE`.

        Raises:
            StackFailedError: it was lost.
        """
        password = read_secret(self.folder / "password")
        if password is None:
            msg = (
                f"The password of the database in {self.folder} is missing: restore the file "
                "`password`, or move the folder away to start afresh."
            )
            raise StackFailedError(msg)
        return password

    async def end_orphan(self) -> None:
        """End a server whose supervisor died, and drop a pid file that names no server.

        Only with the lock held: nobody else looks after this cluster.

        Raises:
            StackFailedError: the server does not end.
        """
        pid_file = self.data / "postmaster.pid"
        server = self._server_named_in(pid_file)
        if server is None:  # Postgres would refuse to start while any process has that number
            pid_file.unlink(missing_ok=True)
            return
        for number in (signal.SIGINT, signal.SIGQUIT):
            with suppress(psutil.NoSuchProcess):
                server.send_signal(number)
            gone, _ = await asyncio.to_thread(
                psutil.wait_procs, [server], timeout=_FAST_SHUTDOWN_TIMEOUT_S
            )
            if gone:
                return
        msg = f"An old Postgres (process {server.pid}) does not end: kill it, then try again."
        raise StackFailedError(msg)

    def _server_named_in(self, pid_file: Path) -> psutil.Process | None:
        try:
            server = psutil.Process(int(pid_file.read_text().splitlines()[0]))
            return server if str(self.data) in server.cmdline() else None
        except (FileNotFoundError, ValueError, IndexError, psutil.Error):
            return None

    def _run_initdb(self, programs: Path, major: int, user: ServiceUser | None) -> None:
        builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        done = subprocess.run(  # noqa: S603 - a fixed command, no shell
            [
                programs / "initdb",
                f"--pgdata={self.folder / 'data.new'}",
                f"--username={ROLE}",
                f"--pwfile={self.folder / 'password.new'}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                *(builtin if major >= _FIRST_MAJOR_WITH_BUILTIN_LOCALE else ()),
            ],
            env=ENVIRONMENT,
            cwd="/",
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()
            msg = f"A Postgres cluster could not be made in {self.folder}: {' '.join(said[-3:])}"
            raise StackFailedError(msg)
