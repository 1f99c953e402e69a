"""Which addresses are public. Only these are connected to, unless the operator allows a host others."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from ingestion.errors import Refused

Address = IPv4Address | IPv6Address

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is routed on the Internet (RFC 4291, section 2.4); whatever else there is, is not."""

NAT64 = IPv6Network("64:ff9b::/96")
RELAYS = IPv4Network("192.88.99.0/24")
EXAMPLES = IPv6Network("3fff::/20")
"""RFC 9637; some versions of Python take it for public."""

LOCAL = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")),
) + tuple(map(IPv6Network, ("fc00::/7", "::1/128")))
"""What a host may have that is allowed private addresses."""

METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
        ),
    )
)
"""Where clouds tell their machines secrets; the last one is a public address, but not to their machines."""


def check_address(host: str, address: str, *, allow_private: bool = False) -> None:
    """Raise `Refused` where an address is not a public one; metadata services never pass."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        raise Refused(f"{host} is at {address!r}, which is no address") from None
    for ip in _faces(known):
        local = allow_private and any(ip.version == net.version and ip in net for net in LOCAL)
        if ip in METADATA or not (local or _is_public(ip)):
            raise Refused(f"{host} is at {address}, which is not a public address")


def _is_public(ip: Address) -> bool:
    if isinstance(ip, IPv6Address):
        return ip in GLOBAL_UNICAST and ip.is_global and ip not in EXAMPLES
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip in RELAYS)


def _faces(ip: Address) -> list[Address]:
    """An address and the IPv4 addresses that it carries inside (RFC 4291, 3056, 4380, 6052)."""
    if isinstance(ip, IPv4Address):
        return [ip]
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    if ip in NAT64:
        return [IPv4Address(int(ip) & 0xFFFF_FFFF)]
    inner: list[Address] = [*(ip.teredo or ())]
    return [ip, *inner, *([ip.sixtofour] if ip.sixtofour else [])]
