"""What a process remembers of the database: one place, so that all of it can be forgotten at once."""

from typing import Any

from flask import current_app


def cache(name: str) -> dict[Any, Any]:
    """The dictionary ``name`` of the current application; a subject uses its own name and immutable values."""
    found: dict[Any, Any] = current_app.extensions["signoff"].caches.setdefault(name, {})
    return found


def forget() -> None:
    """Forget everything, as a new process would: after a restore, and between tests."""
    current_app.extensions["signoff"].caches.clear()
