"""The action ``webhook.call``: a flow asks another system, and waits for its answer."""

from collections.abc import Mapping
from typing import Any

from ..forms.announcing import record_json
from ..platform import json, outgoing, webhooks
from ..platform.db import utc_text
from ..platform.errors import Malformed, NotFound, TooLarge
from ..platform.outgoing import Answer, Blocked, NoAnswer
from ..platform.text import msg
from .actions import Action, ActionContext, ActionFailed

EVENT = "action.called"
_MOST = 8000
_PASSING = (408, 409, 425, 429)


def call(context: ActionContext) -> Mapping[str, Any]:
    """POST the request and ``data`` to ``webhook`` (the key of one) or ``url``; what comes back as JSON is the result.

    A 4xx that says no is final; whoever is away or busy is asked again, with the same idempotency key and body.
    """
    url, secrets = _receiver(context)
    body = _body(context)
    headers = {
        **webhooks.headers_of(secrets, context.key, body, context.now),
        "Idempotency-Key": context.key,
    }
    try:
        answer = outgoing.post(url, body.encode(), headers)
    except Blocked as error:
        raise ActionFailed(error.message, final=True) from error
    except NoAnswer as error:
        raise ActionFailed(msg("%(url)s does not answer: %(reason)s", url=url, reason=str(error))) from error
    if not answer.ok:
        final = answer.status not in _PASSING and 300 <= answer.status < 500
        reason = answer.body[:300].decode(errors="replace")
        raise ActionFailed(
            msg("%(url)s answered %(status)s: %(reason)s", url=url, status=answer.status, reason=reason), final=final
        )
    return {"status": answer.status, "answer": _read(answer)}


def _receiver(context: ActionContext) -> tuple[str, tuple[str, ...]]:
    """The address, and the secrets to sign with: none for a bare address."""
    if context.arguments.get("webhook"):
        try:
            hook = webhooks.find(str(context.argument("webhook")))
        except NotFound as error:
            raise ActionFailed(error.message, final=True) from error
        return hook.url, hook.secrets(context.now)
    return str(context.argument("url")), ()


def _body(context: ActionContext) -> str:
    data = {"record": record_json(context.record), "run": {"id": context.run_id}, "data": context.arguments.get("data")}
    return json.dumps({"type": EVENT, "timestamp": utc_text(context.asked_at), "data": data})


def _read(answer: Answer) -> Any:
    """The answer as JSON, as text if it is none, cut where it is long."""
    try:
        found = json.parse(answer.body) if answer.body.strip() else None
    except (Malformed, TooLarge):
        return answer.body[:_MOST].decode(errors="replace")
    return found if len(answer.body) <= _MOST else answer.body[:_MOST].decode(errors="replace")


WEBHOOK_CALL = Action(
    name="webhook.call",
    label={"en": "Call another system", "zh": "调用外部系统"},
    perform=call,
    parameters={
        "webhook": {
            "en": "Key of a webhook: its address, signed with its secret",
            "zh": "Webhook 标识：使用其地址和密钥签名",
        },
        "url": {"en": "Or an address, called without signature", "zh": "或直接填写地址（不签名）"},
        "data": {"en": "What to send beside the request", "zh": "除申请内容外另行发送的数据"},
    },
    results={
        "status": {"en": "Status of HTTP", "zh": "HTTP 状态码"},
        "answer": {"en": "What came back: JSON, else text", "zh": "返回内容：JSON 或文本"},
    },
)
