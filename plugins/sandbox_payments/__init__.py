"""A payment gateway for trying out: it keeps a ledger and moves no money."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from ...platform.web.menus import MenuEntry
from ..api import Plugin
from ..refunds.gateways import register_gateway
from .ledger import SandboxGateway
from .web import bp


def _init(_app: Flask) -> None:
    register_gateway(SandboxGateway())


plugin = Plugin(
    key="sandbox_payments",
    title={"en": "Sandbox payments", "zh": "沙箱支付"},
    menu=(
        MenuEntry(
            "sandbox_ledger",
            _l("Sandbox ledger"),
            "signoff_sandbox.show_ledger",
            "bank",
            order=90,
            roles=("admin", "finance"),
            parent="records",
        ),
    ),
    blueprints=(bp,),
    init=_init,
)
