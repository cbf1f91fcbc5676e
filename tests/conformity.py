"""What the API answers is what its OpenAPI document says: every answer that a test gets is held against it."""

from functools import cache
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from jsonschema import Draft202012Validator
from werkzeug.routing import Rule

PREFIX = "/api/v1/"


def hold(app: Flask) -> None:
    """Hold every JSON answer below ``/api/v1`` of ``app`` to the OpenAPI document; what differs fails the call."""
    document: dict[str, Any] = {}

    @cache
    def validator(path: str, method: str, status: int, kind: str) -> Draft202012Validator | None:
        if not document:
            document.update(app.extensions["signoff_api"].spec.to_dict())
        described = document["paths"][path][method]["responses"]
        answer = described.get(str(status)) or described.get("default")
        assert answer is not None, f"{method.upper()} {path} does not say that it answers {status}."
        if "$ref" in answer:
            answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        content = answer.get("content", {})
        assert kind in content, (
            f"{method.upper()} {path} says {', '.join(content) or 'nothing'}, not {kind} for {status}."
        )
        schema = content[kind].get("schema")
        return Draft202012Validator({**schema, "components": document["components"]}) if schema else None

    @app.after_request
    def check(response: Response) -> Response:
        rule = request.url_rule
        if rule is None or not response.is_json or response.status_code == HTTPStatus.NO_CONTENT:
            return response
        if not rule.rule.startswith(PREFIX) or rule.rule.endswith("openapi.json"):
            return response
        found = validator(_path(rule), request.method.lower(), response.status_code, response.mimetype)
        if found is not None:
            wrong = [f"{each.json_path}: {each.message}" for each in found.iter_errors(response.get_json())]
            assert not wrong, f"{request.method} {rule.rule} {response.status_code}: {'; '.join(wrong)}"
        return response


def _path(rule: Rule) -> str:
    """As OpenAPI writes it: ``/records/{record_id}``."""
    return "".join(f"{{{part}}}" if dynamic else part for dynamic, part in rule._trace).lstrip("|")
