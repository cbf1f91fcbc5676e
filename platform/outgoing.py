"""Calls to other machines whose addresses people typed: nothing inside the own network, no redirects, within bounds.

A name is looked up once, all of its addresses are judged, and the call goes to the very address that was judged: a
name that answers differently the second time gains nothing.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError

from . import config, trust
from .text import Message, msg

SILENT_SECONDS = 8
"""How long the other side may say nothing."""

TOTAL_SECONDS = 15
MOST_READ = 64 * 1024
"""Bytes of an answer that are read; the rest is left where it is."""

MOST_URL = 2000
ALL = "*"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")


class Blocked(Exception):
    """The address may not be called; ``message`` says why and the way out."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


class NoAnswer(Exception):
    """Nobody answered, or not as HTTP has it, or too slowly."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most :data:`MOST_READ` bytes of the body; names of headers are small letters."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


def check_url(url: str) -> Message | None:
    """What is wrong with an address as it is written; ``None`` if nothing is. Its name is not looked up."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return msg("%(url)s is no address. Example: https://example.com/hooks.", url=repr(url[:100]))
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.hostname or "") or port == 0:
        return msg("%(url)s is no address. Example: https://example.com/hooks.", url=repr(url[:100]))
    if parts.username is not None or parts.password is not None:
        return msg("An address must not hold a name or password. The signature says who sends.")
    if len(url) > MOST_URL or not url.isascii() or any(sign.isspace() or ord(sign) < 33 for sign in url):
        return msg("The address is too long, or holds spaces or signs that addresses write in another way.")
    return None


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send ``body`` to ``url``; an answer of any status is an answer, a redirect too: it is not followed.

    Raises:
        Blocked: the address is none, or lies inside a private network that is not allowed.
        NoAnswer: the other side is away, too slow, breaks off, or its certificate does not hold.
    """
    wrong = check_url(url)
    if wrong is not None:
        raise Blocked(wrong)
    parts = urlsplit(url)
    connection = _connection(parts, _address_of(parts))
    watch = threading.Timer(TOTAL_SECONDS, _hang_up, [connection])
    watch.daemon = True
    watch.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers={**headers, "Host": parts.netloc}, preload_content=False)
        response = connection.getresponse()
        data = response.read(MOST_READ, decode_content=False)
        return Answer(response.status, data, {name.lower(): value for name, value in response.headers.items()})
    except (HTTPError, OSError, ValueError) as error:
        raise NoAnswer(f"{type(error).__name__}: {error}") from error
    finally:
        watch.cancel()
        connection.close()


def _connection(parts: SplitResult, address: str) -> HTTPConnection:
    """A connection to ``address`` that still asks for the name, and checks the certificate against the name."""
    if parts.scheme == "https":
        return HTTPSConnection(
            address,
            parts.port or 443,
            timeout=SILENT_SECONDS,
            ssl_context=trust.context("outgoing"),
            cert_reqs="CERT_REQUIRED",
            server_hostname=parts.hostname,
            assert_hostname=parts.hostname,
        )
    return HTTPConnection(address, parts.port or 80, timeout=SILENT_SECONDS)


def _hang_up(connection: HTTPConnection) -> None:
    """Whoever sends a byte now and then would keep a worker for ever."""
    sock = connection.sock
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _address_of(parts: SplitResult) -> str:
    host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, LocationParseError) as error:
        raise NoAnswer(f"{host} is not known: {error}") from error
    addresses = [str(each[4][0]) for each in found]
    for address in addresses:
        if not is_allowed(address, config.current().webhooks_private):
            raise Blocked(
                msg(
                    "%(host)s is %(address)s, inside a private network. Name the network in SIGNOFF_WEBHOOKS_PRIVATE "
                    "if it may be called.",
                    host=host,
                    address=address,
                )
            )
    if not addresses:
        raise NoAnswer(f"{host} has no address")
    return addresses[0]


def is_allowed(address: str, private: str) -> bool:
    """Whether ``address`` is public, or in one of the ``private`` networks that may be called."""
    if private == ALL:
        return True
    found = _inner(ipaddress.ip_address(address.partition("%")[0]))
    if any(found in network for network in read_networks(private)):
        return True
    is_local = isinstance(found, ipaddress.IPv6Address) and found.is_site_local  # fec0::/10, which Python calls global
    return found.is_global and not (found.is_multicast or found.is_reserved or is_local)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, by whichever way of writing it."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
    return address


@lru_cache(maxsize=8)
def read_networks(text: str) -> tuple[Network, ...]:
    """The networks of ``10.0.0.0/8, 127.0.0.1``.

    Raises:
        ValueError: one of them is none.
    """
    names = [each.strip() for each in text.split(",")]
    return tuple(ipaddress.ip_network(name) for name in names if name and name != ALL)
