"""What roles are called: a role is a key that admins choose, and what brings it along may say its name."""

from collections.abc import Mapping

from ..text import LocalText
from .directory import ADMIN, AUDITOR

_names: dict[str, LocalText] = {
    ADMIN: {"en": "Administrators", "zh": "管理员"},
    AUDITOR: {"en": "Auditors", "zh": "审计"},
}


def register(names: Mapping[str, LocalText]) -> None:
    """From now on pages call these roles so; a role without a name is called by its key."""
    _names.update(names)


def names() -> Mapping[str, LocalText]:
    return _names
