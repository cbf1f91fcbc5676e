"""Plugins are found, checked and named: one that is broken says so at start, in a sentence with its name."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Blueprint, Flask

from signoff import create_app
from signoff.flows import actions
from signoff.flows.actions import Action, ActionContext
from signoff.platform.errors import NotFound, Refused
from signoff.plugins import registry
from signoff.plugins.api import Pack, Plugin

BROKEN = {
    "no_such_module": "No module named",
    "acme_raises": "the sky is down",
    "acme_syntax": "acme_syntax",
    "acme_plain:missing": "missing",
    "acme_plain": "is no Plugin value",
    "acme_plain:twin": "Two plugins are called refunds",
}


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Modules of somebody else on the path."""
    (tmp_path / "acme_raises.py").write_text("raise RuntimeError('the sky is down')")
    (tmp_path / "acme_syntax.py").write_text("def (")
    (tmp_path / "acme_plain.py").write_text(
        "from signoff.plugins.api import Plugin\nplugin = {}\ntwin = Plugin(key='refunds', title='Twin')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[name]


def app_with(tmp_path: Path, plugins: str) -> Flask:
    return create_app(
        database_url=f"sqlite:///{tmp_path / 'x.db'}", data_dir=tmp_path, secret_key="s" * 20, testing=True,
        plugins=plugins,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "said"), BROKEN.items())
def test_a_broken_plugin_is_named(acme: Path, tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(Refused, match=said) as caught:
        app_with(tmp_path, name)
    assert caught.value.code == "plugin"


def test_a_distribution_that_breaks_while_it_loads_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def load() -> Any:
        raise ZeroDivisionError

    entry = SimpleNamespace(name="acme", value="acme:plugin", load=load)
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    with pytest.raises(Refused, match=r"acme:plugin.*ZeroDivisionError"):
        registry.declare()


def test_what_a_plugin_brings_is_there(acme: Path, tmp_path: Path) -> None:
    (acme / "acme_whole.py").write_text("plugin = None")
    import acme_whole  # type: ignore[import-not-found]

    def perform(_context: ActionContext) -> dict[str, Any]:
        return {}

    bp = Blueprint("acme", __name__)
    bp.add_url_rule("/acme", view_func=lambda: "acme's page")
    called: list[Flask] = []
    acme_whole.plugin = Plugin(
        key="acme",
        title="Acme",
        actions=(Action(name="acme.do", label="Do", perform=perform),),
        packs=(Pack("acme", "Acme", "", tmp_path, needs=("inventory",)),),
        blueprints=(bp,),
        init=called.append,
    )
    app = app_with(tmp_path, "acme_whole")
    try:
        assert called == [app]
        assert app.test_client().get("/acme").text == "acme's page"
        assert "acme.do" in registry.offers().actions
        with app.app_context():
            assert list(registry.plugins())[-1] == "acme"
            assert list(registry.packs()).index("inventory") < list(registry.packs()).index("acme")
    finally:
        actions._actions.pop("acme.do", None)


def test_the_built_in_plugins(context: Flask) -> None:
    assert {"inventory", "refunds", "sandbox_payments"} <= set(registry.plugins())
    assert {"refund.pay", "stock.move", "record.create"} <= registry.offers().actions
    with pytest.raises(NotFound, match=r"No pack .zz.\. Known: inventory"):
        registry.pack("zz")
