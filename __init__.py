"""Signoff: forms and approvals that business people define themselves."""

from typing import TYPE_CHECKING, Any

__all__ = ["Signoff", "create_app"]
__version__ = "0.1.0"

if TYPE_CHECKING:
    from .app import Signoff, create_app


def __getattr__(name: str) -> Any:
    """Load the front door on first use, so that pure modules import without Flask."""
    if name in __all__:
        from . import app

        return getattr(app, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
