"""Which network addresses anybody on the internet may be reached at. Pure.

Everything else is somebody's inside: this machine, its network, the service of a cloud that hands out keys.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

_NOT_FOR_US: Final = tuple(
    ip_network(each)
    for each in (
        "100.64.0.0/10",  # carriers' own (RFC 6598), and Alibaba's metadata
        "168.63.129.16/32",  # Azure's wire server: in public space, and reachable from inside only
        "192.0.0.0/24",  # protocol assignments, and Oracle's metadata
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",  # benchmarks
    )
)
_NOT_FOR_US_6: Final = tuple(
    ip_network(each)
    for each in (
        "::/96",  # IPv4-compatible: leads to an IPv4 address in its last bits
        "64:ff9b:1::/48",  # a network's own NAT64 (RFC 8215)
        "100::/64",
        "2001::/23",  # Teredo, ORCHID and others: tunnels and protocols
        "2002::/16",  # 6to4: leads to the IPv4 address in its bits
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
)
_NAT64: Final = ip_network("64:ff9b::/96")
"""Where a network of IPv6 only reaches an IPv4 address: the last 32 bits."""


def is_public(address: str) -> bool:
    """Returns whether an address, as `getaddrinfo` writes it, belongs to the open internet."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return _is_public_4(found) if isinstance(found, IPv4Address) else _is_public_6(found)


def _is_public_4(address: IPv4Address) -> bool:
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved)
        and not any(address in network for network in _NOT_FOR_US)
    )


def _is_public_6(address: IPv6Address) -> bool:
    if address.scope_id is not None:
        return False
    if address.ipv4_mapped is not None:
        return _is_public_4(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public_4(IPv4Address(int(address) & 0xFFFFFFFF))
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_site_local)
        and not any(address in network for network in _NOT_FOR_US_6)
    )
