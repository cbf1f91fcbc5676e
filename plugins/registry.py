"""Finds the plugins of this installation and hands what they bring to the floors below."""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points

from flask import Flask, current_app

from ..flows import actions, builtin_actions, messages, selectors
from ..flows.check.documents import Offers
from ..forms import types
from ..platform import events, notifications
from ..platform.errors import NotFound, Refused
from ..platform.people import roles
from ..platform.text import msg
from ..platform.web import menus
from .api import Pack, Plugin

GROUP = "signoff.plugins"


def init_app(app: Flask) -> None:
    """Load every plugin once, in the order of their keys, and register what they declare.

    Raises:
        Refused: a plugin cannot be loaded, is no :class:`Plugin`, or two have the same key.
    """
    found: dict[str, Plugin] = {}
    for plugin in _installed(app.extensions["signoff"].config.plugins):
        if plugin.key in found:
            raise Refused(msg("Two plugins are called %(key)s. Remove one.", key=plugin.key), code="plugin")
        found[plugin.key] = plugin
    app.extensions["signoff"].plugins = found
    for key in sorted(found):
        _declare(found[key])
        _mount(app, found[key])


def _installed(names: str) -> Iterable[Plugin]:
    """Plugins of the entry points, then those named in ``SIGNOFF_PLUGINS`` (``module:attribute``)."""
    for entry in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        yield _loaded(entry.value, entry.load)
    for name in filter(None, (each.strip() for each in names.split(","))):
        yield _loaded(name, partial(_named, name))


def _named(name: str) -> object:
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute or "plugin")


def _loaded(name: str, load: Callable[[], object]) -> Plugin:
    """Whatever goes wrong inside of somebody's module, the message says whose it is."""
    try:
        value = load()
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise Refused(
            msg("The plugin %(name)s cannot be loaded: %(reason)s.", name=name, reason=reason), code="plugin"
        ) from error
    return _checked(value, name)


def _checked(value: object, name: str) -> Plugin:
    if not isinstance(value, Plugin):
        raise Refused(msg("%(name)s is no Plugin value. Point at one.", name=name), code="plugin")
    return value


def declare() -> None:
    """Make field types, selectors, actions and templates known where there is no application (``signoff check``)."""
    messages.register()
    builtin_actions.register()
    for plugin in _installed(os.environ.get("SIGNOFF_PLUGINS", "")):
        _declare(plugin)


def offers() -> Offers:
    """What flows may name, of everything that was declared."""
    return Offers(
        actions=frozenset(action.name for action in actions.all_actions()),
        templates=frozenset(template.key for template in notifications.templates()),
    )


def _declare(plugin: Plugin) -> None:
    for field_type in plugin.field_types:
        types.register(field_type)
    for selector in plugin.selectors:
        selectors.register(selector)
    for action in plugin.actions:
        actions.register_action(action)
    for template in plugin.templates:
        notifications.register_template(template)
    for subscriber in plugin.subscribers:
        events.subscribe(subscriber)
    roles.register(plugin.roles)


def _mount(app: Flask, plugin: Plugin) -> None:
    for entry in plugin.menu:
        menus.add(entry)
    for blueprint in plugin.blueprints:
        app.register_blueprint(
            blueprint, url_prefix=app.extensions["signoff"].url_prefix + (blueprint.url_prefix or "")
        )
    if plugin.init is not None:
        plugin.init(app)


def plugins() -> dict[str, Plugin]:
    """Those of the current application, by key."""
    found: dict[str, Plugin] = current_app.extensions["signoff"].plugins
    return found


def packs() -> dict[str, Pack]:
    """Every pack that a plugin brings, by key, those it needs before it."""
    known = {pack.key: pack for plugin in plugins().values() for pack in plugin.packs}
    return _ordered(known.values(), known)


def with_needs(key: str) -> list[Pack]:
    """The pack, behind all that it stands on, however deep.

    Raises:
        NotFound: no plugin brings it.
    """
    return list(_ordered([pack(key)], packs()).values())


def _ordered(wanted: Iterable[Pack], known: Mapping[str, Pack]) -> dict[str, Pack]:
    ordered: dict[str, Pack] = {}

    def place(pack: Pack) -> None:
        for need in pack.needs:
            if need not in ordered and need in known:
                place(known[need])
        ordered.setdefault(pack.key, pack)

    for pack in wanted:
        place(pack)
    return ordered


def pack(key: str) -> Pack:
    """Raises:
    NotFound: no plugin brings it.
    """
    found = packs().get(key)
    if found is None:
        raise NotFound(msg("No pack %(key)s. Known: %(known)s.", key=repr(key), known=", ".join(packs())))
    return found
