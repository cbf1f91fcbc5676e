"""The HTTP API's shell: one OpenAPI document at ``/api/v1``, problems for every error, tokens, idempotency, limits.

A floor's API is ``blp = Blueprint("api_<subject>", __name__)`` with paths below ``/api/v1``; the roof mounts it.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import INCLUDE, Schema, fields

from ..web.place import API, signoff
from . import guard
from .blueprint import Blueprint, public
from .idempotency import once_per_key
from .lists import PAGE_PARAMETERS, list_of, page_args, page_json

__all__ = ["PAGE_PARAMETERS", "Blueprint", "init_app", "list_of", "page_args", "page_json", "public", "register"]


class ProblemSchema(Schema):
    """An error as RFC 9457 has it; ``problems`` are all that was wrong with what was sent.

    Some errors say more in members of their own: the right that is missing, who was first and when.
    """

    class Meta:
        unknown = INCLUDE

    class _One(Schema):
        class Meta:
            unknown = INCLUDE

        path = fields.String(metadata={"description": "JSON Pointer to the part that is wrong"})
        code = fields.String()
        message = fields.String()

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    code = fields.String(metadata={"description": "Stable; for programs"})
    problems = fields.List(fields.Nested(_One))


class _Api(Api):  # type: ignore[misc]
    """Errors are answered by :mod:`signoff.platform.web.errors`, for pages and API alike."""

    ERROR_SCHEMA = ProblemSchema

    def _register_responses(self) -> None:
        problem = {"description": "What went wrong", "content": {"application/problem+json": {"schema": ProblemSchema}}}
        for status in HTTPStatus:
            body = {} if status < HTTPStatus.BAD_REQUEST else problem
            self.spec.components.response(status.name, {**body, "description": status.phrase}, lazy=True)
        self.spec.components.response("DEFAULT_ERROR", problem, lazy=True)

    def _register_error_handlers(self) -> None:
        pass

    @public
    def _openapi_json(self) -> Any:
        return super()._openapi_json()


def init_app(app: Flask) -> None:
    """Serve the OpenAPI document and guard everything below ``/api/v1``."""
    prefix = signoff(app).url_prefix + API
    app.config.update(
        SIGNOFF_API_TITLE="Signoff",
        SIGNOFF_API_VERSION="v1",
        SIGNOFF_OPENAPI_VERSION="3.1.0",
        SIGNOFF_OPENAPI_URL_PREFIX=prefix,
        SIGNOFF_OPENAPI_JSON_PATH="openapi.json",
        SIGNOFF_API_SPEC_OPTIONS={
            "info": {"description": "Everything that people can do on a page. Errors are RFC 9457 problems."},
            "security": [{"token": []}, {"session": []}],
        },
    )
    api = _Api(app, config_prefix="SIGNOFF_")
    schemes = api.spec.components
    schemes.security_scheme("token", {"type": "http", "scheme": "bearer"})
    schemes.security_scheme("session", {"type": "apiKey", "in": "header", "name": "X-CSRFToken"})
    app.extensions["signoff_api"] = api
    app.before_request(guard.before)


def register(app: Flask, blp: SmorestBlueprint) -> None:
    """Mount ``blp`` below ``/api/v1`` of the place where Signoff is mounted."""
    blp.description = blp.description or ""
    api: Api = app.extensions["signoff_api"]
    api.register_blueprint(blp, url_prefix=signoff(app).url_prefix + API + (blp.url_prefix or ""))
    posts = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    for endpoint in posts:
        if endpoint.startswith(f"{blp.name}."):
            view: Callable[..., Any] = app.view_functions[endpoint]
            app.view_functions[endpoint] = once_per_key(view)
