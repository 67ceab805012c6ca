"""Which machines a link may make this one talk to.

A server that fetches addresses given by strangers can be led to its own network: by a name that
resolves to a private address, by a redirect, or by a name that changes between a check and its
use. So the check is where the connection is made: names are resolved once, every address is
checked, and the connection goes to an address that passed.
"""

import ipaddress
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass

from scorewire.errors import BlockedAddressError

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address


def is_public(address: IPAddress) -> bool:
    """Say whether an address belongs to the public internet.

    IPv6 forms that carry an IPv4 address (mapped, 6to4, NAT64) count as that address; Teredo,
    which carries one in disguise, never counts as public.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


@dataclass(frozen=True)
class NetworkPolicy:
    """What a connection must satisfy.

    Attributes:
        allows: says whether an address may be connected to.
        ports: ports that a link may name.
    """

    allows: Callable[[IPAddress], bool] = is_public
    ports: Collection[int] = (80, 443)


PUBLIC_INTERNET = NetworkPolicy()


def is_listed(host: str, hosts: Collection[str]) -> bool:
    """Say whether a host is one of `hosts`, or a subdomain of one."""
    name = host.lower().rstrip(".")
    return any(name == listed or name.endswith(f".{listed}") for listed in hosts)


def connect(
    address: tuple[str, int],
    timeout_s: float,
    source_address: tuple[str, int] | None = None,
    *,
    policy: NetworkPolicy,
) -> socket.socket:
    """Open a TCP connection, as `socket.create_connection` does, to allowed addresses only.

    Raises:
        BlockedAddressError: the name resolves to an address that the policy forbids.
        OSError: the name does not resolve, or nothing answers.
    """
    host, port = address
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, where in found:
        if not policy.allows(ipaddress.ip_address(str(where[0]).partition("%")[0])):
            message = f"{host} leads to a private network, so nothing is fetched from it."
            raise BlockedAddressError(message, field="youtube_url")
    error: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, where in found:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout_s)
            if source_address is not None:
                connection.bind(source_address)
            connection.connect(where)
        except OSError as failure:
            connection.close()
            error = failure
        else:
            return connection
    raise error
