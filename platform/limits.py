"""How often somebody may ask: one limiter for sign-in and API, kept in the memory of each process."""

from flask import Flask, request
from flask_limiter import Limiter

from . import config


def address() -> str:
    """The address that asks, behind as many proxies as the configuration trusts."""
    return request.remote_addr or "unknown"


def off() -> bool:
    """Whether nothing is limited: in the test suite."""
    return config.current().testing


limiter = Limiter(key_func=address, storage_uri="memory://", strategy="fixed-window", headers_enabled=True)


def init_app(app: Flask) -> None:
    limiter.init_app(app)
