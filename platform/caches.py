"""What a process remembers of the database: one place, so that all of it can be forgotten at once."""

from typing import Any

from flask import current_app


def cache(name: str) -> dict[Any, Any]:
    """The dictionary ``name`` of the current application; a subject uses its own name and immutable values."""
    # not through the proxy's attributes: this is asked dozens of times in every use case
    caches: dict[str, dict[Any, Any]] = current_app._get_current_object().extensions["signoff"].caches  # type: ignore[attr-defined]
    found = caches.get(name)
    return caches.setdefault(name, {}) if found is None else found


def forget() -> None:
    """Forget everything, as a new process would: after a restore, and between tests."""
    current_app.extensions["signoff"].caches.clear()
