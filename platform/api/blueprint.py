"""The blueprint of every API module: flask-smorest's, with our strict JSON, and with types."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import current_app
from flask.wrappers import Response
from flask_smorest import Blueprint as SmorestBlueprint

from .body import JsonParser

V = TypeVar("V", bound=Callable[..., Any])
View = Callable[..., Any]
Decorator = Callable[[View], View]


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """JSON is read by :mod:`signoff.platform.json`: no key twice, decimals exact, all of it within bounds."""

    ARGUMENTS_PARSER = JsonParser()

    def get(self, rule: str, **options: Any) -> Decorator:
        return self.route(rule, methods=["GET"], **options)

    def post(self, rule: str, **options: Any) -> Decorator:
        return self.route(rule, methods=["POST"], **options)

    def put(self, rule: str, **options: Any) -> Decorator:
        return self.route(rule, methods=["PUT"], **options)

    def patch(self, rule: str, **options: Any) -> Decorator:
        return self.route(rule, methods=["PATCH"], **options)

    def delete(self, rule: str, **options: Any) -> Decorator:
        return self.route(rule, methods=["DELETE"], **options)

    def route(self, rule: str, **options: Any) -> Decorator:
        found: Decorator = super().route(rule, **options)
        return found

    def arguments(self, schema: Any, **options: Any) -> Decorator:
        # made once: an instance for each call would cost as much as reading the body with it
        found: Decorator = super().arguments(schema() if isinstance(schema, type) else schema, **options)
        return found

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Decorator:
        found: Decorator = super().response(status_code, schema, **options)
        return found

    def alt_response(self, status_code: int, **options: Any) -> Decorator:
        found: Decorator = super().alt_response(status_code, **options)
        return found

    def answer(self, status_code: int, schema: Any) -> Decorator:
        """Describe an answer by ``schema``; the view makes it as it is, nothing is dumped through the schema."""

        described = {"content": {"application/json": {"schema": schema}}}

        def decorate(view: View) -> View:
            documented = self.doc(responses={status_code: described})(self.response(status_code)(view))

            @wraps(view)
            def answered(*args: Any, **kwargs: Any) -> Any:
                found = view(*args, **kwargs)
                if isinstance(found, Response):
                    return found
                value, status = found if isinstance(found, tuple) else (found, status_code)
                response = current_app.json.response(value)
                response.status_code = status
                return response

            answered._apidoc = documented._apidoc  # type: ignore[attr-defined]
            return answered

        return decorate

    @staticmethod
    def doc(**kwargs: Any) -> Decorator:
        found: Decorator = SmorestBlueprint.doc(**kwargs)
        return found


def public(view: V) -> V:
    """Mark a view of the API that nobody needs to be signed in for."""
    view.signoff_public = True  # type: ignore[attr-defined]
    return view
