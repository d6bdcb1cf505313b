"""Where a webhook may go: never into a network of our own, whatever its name says (no SSRF).

The name is resolved here, every address it has is looked at, and the connection is made to the one that was
looked at: a name that answers differently the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_URL = 500


class BadAddress(Exception):
    """An address that no webhook goes to; the message is ``form``, ``scheme``, ``unknown`` or ``private``."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect to, and what to ask for there."""

    scheme: str
    host: str
    port: int
    path: str


def read_url(url: str, *, private: bool) -> Target:
    """A URL in parts. Only https, with ``private`` also http. Raises BadAddress."""
    if len(url) > MAX_URL or not url.isascii() or any(char <= " " or char in '\\"<>' for char in url):
        raise BadAddress("form")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadAddress("form") from error
    if parts.scheme not in (("https", "http") if private else ("https",)):
        raise BadAddress("scheme")
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment or port == 0:
        raise BadAddress("form")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), path)


def resolve(target: Target, *, private: bool) -> str:
    """An address of the host. Raises BadAddress ``unknown``, or ``private`` when any of its addresses is not public."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise BadAddress("unknown") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(is_public(address) for address in addresses):
        raise BadAddress("private")
    return addresses[0]


def is_public(text: str) -> bool:
    """Whether an address is one of the open internet, also when it hides in an IPv6 one."""
    try:
        address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if address in ipaddress.ip_network("64:ff9b::/96"):  # NAT64: the last 32 bits are an IPv4 address
            return is_public(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
    return address.is_global and not address.is_multicast and not address.is_reserved
