"""What a plugin may bring: one value, named in the entry point group ``signoff.plugins``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flask import Blueprint, Flask

from ..flows.actions import Action
from ..flows.selectors import SelectorKind
from ..forms.types import FieldType
from ..platform.events import Subscriber
from ..platform.notifications import Template
from ..platform.text import LocalText
from ..platform.web.menus import MenuEntry


@dataclass(frozen=True, slots=True)
class Pack:
    """Definitions to start from: every ``*.json`` in ``folder``; ``needs`` are the packs it stands on."""

    key: str
    title: LocalText
    description: LocalText
    folder: Path
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plugin:
    """``key`` is unique among the plugins in force; ``init`` runs once per application, after all floors are set up."""

    key: str
    title: LocalText
    field_types: tuple[FieldType, ...] = ()
    selectors: tuple[SelectorKind, ...] = ()
    actions: tuple[Action, ...] = ()
    templates: tuple[Template, ...] = ()
    roles: Mapping[str, LocalText] = field(default_factory=dict)
    packs: tuple[Pack, ...] = ()
    menu: tuple[MenuEntry, ...] = ()
    blueprints: tuple[Blueprint, ...] = ()
    subscribers: tuple[Subscriber, ...] = ()
    init: Callable[[Flask], None] | None = None
