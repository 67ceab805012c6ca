"""TCP ports: whether one is free, and which one to take."""

import errno
import secrets
import socket
from ipaddress import ip_address

from scorewire.errors import PortInUseError, StackFailedError

LOOPBACK = "127.0.0.1"

# Kernels give outgoing connections ports from 32768 up (Linux) or 49152 up (RFC 6335): one from
# there may be taken between the moment it is chosen and the moment it is listened on.
NEVER_OUTGOING = range(20_000, 32_768)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches what listens on an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def free_port(host: str = LOOPBACK) -> int:
    """A port that nothing listens on, and that no outgoing connection will be given.

    Raises:
        OSError: the address is not this machine's.
    """
    while True:
        try:
            with _bound(host, secrets.choice(NEVER_OUTGOING)) as probe:
                return int(probe.getsockname()[1])
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise


def claim_port(host: str, port: int, setting: str) -> int:
    """Check that the port can be listened on, or choose one.

    Args:
        host: the address to listen on.
        port: the port asked for; 0 for any free one.
        setting: the environment variable that changes it, for the message.

    Returns:
        The port to use.

    Raises:
        PortInUseError: another program listens there.
        StackFailedError: the address is not this machine's, or the port needs more rights.
    """
    try:
        if port == 0:
            return free_port(host)
        with _bound(host, port):
            return port
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            msg = (
                f"Port {port} is in use by another program: stop it, or choose another port with "
                f"{setting} (0 picks a free one)."
            )
            raise PortInUseError(msg) from error
        msg = f"Cannot listen on {host}:{port} ({error}): change SCOREWIRE_HOST or {setting}."
        raise StackFailedError(msg) from error


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    probe = socket.socket(family, socket.SOCK_STREAM)
    # As every server does: connections of a former run that wait to time out are no hindrance.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((host, port))
    except OSError:
        probe.close()
        raise
    return probe
