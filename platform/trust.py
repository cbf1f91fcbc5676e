"""TLS towards others: certificates are checked against the authorities that this machine trusts.

Reading those takes forty milliseconds of the processor, more than all else that a mail or a call costs, so it is done
once an hour.
"""

import os
import ssl
import time
from functools import lru_cache

AGAIN_SECONDS = 3600


def context(purpose: str) -> ssl.SSLContext:
    """A context for one ``purpose``, which alone may change it."""
    places = (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    return _read(purpose, places, int(time.monotonic() / AGAIN_SECONDS))


@lru_cache(maxsize=8)
def _read(_purpose: str, _places: tuple[str | None, ...], _hour: int) -> ssl.SSLContext:
    return ssl.create_default_context()
