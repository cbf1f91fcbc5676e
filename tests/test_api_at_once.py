"""Many clients of one real server at the same moment: one takes effect, the others are told who was first."""

import http.client
import json
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from . import postgres
from .server import Answer, Api, Server, command, serving
from .test_api_rights import FLOW, FORM

PEOPLE = ("amy", "bo", "ma", "ada")
CLIENTS = 20


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    env = {
        "SIGNOFF_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "SIGNOFF_API_LIMIT": "100000 per minute",
    }
    if request.param == "sqlite":
        yield env
    else:
        with postgres.database() as url:
            yield env | {"SIGNOFF_DATABASE_URL": url}


@pytest.fixture(scope="module")
def server(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("definitions")
    named = {"key": "thing", "title": "Thing", "schema": "form/1", "fields": [
        {"key": "code", "type": "text", "label": "Code", "unique": True},
        {"key": "amount", "type": "money", "currency": "CNY", "label": "Amount"},
    ]}  # fmt: skip
    people = Path(__file__).parent / "definitions" / "people.json"
    (folder / "people.json").write_text(people.read_text(encoding="utf-8"), encoding="utf-8")
    for name, document in (("thing.form", named), ("trip.form", FORM), ("trip.flow", FLOW)):
        (folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    command("apply", str(folder), env=settings)
    with serving(
        settings, log=Path(settings["SIGNOFF_DATA_DIR"]) / "server.log", command=("run", "--workers", "2")
    ) as running:
        yield running


@pytest.fixture(scope="module")
def tokens(server: Server, settings: dict[str, str]) -> dict[str, str]:
    return {person: command("token", person, env=settings).stdout.strip() for person in PEOPLE}


@pytest.fixture
def api(server: Server, tokens: dict[str, str]) -> Callable[[str], Api]:
    return lambda person: Api(server.url, tokens[person])


def at_once(calls: list[Callable[[], Answer]]) -> list[Answer]:
    """The answers of calls that all begin together."""
    gate = threading.Barrier(len(calls))
    found: list[Answer] = []

    def run(call: Callable[[], Answer]) -> None:
        gate.wait()
        found.append(call())

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == len(calls)
    return found


def trip(client: Api) -> Any:
    answer = client.post("/forms/trip/records", {"values": {"purpose": "Fair", "cost": "10"}})
    assert answer.status == 201, answer.body
    return answer.body


def task_of(record: Any) -> int:
    return int(record["run"]["waiting_on"][0]["task"])


def test_of_twenty_decisions_one_is_taken(api: Callable[[str], Api]) -> None:
    made = trip(api("amy"))
    path, body = f"/tasks/{task_of(made)}/decision", {"verdict": "approve", "values": {"granted": "1"}}
    clients = [api("ma") for _ in range(CLIENTS)]
    answers = at_once([partial(each.post, path, body) for each in clients])
    assert Counter(each.status for each in answers) == {200: 1, 409: CLIENTS - 1}, answers
    for each in answers:
        if each.status == 409:
            assert (each["by"], each["by_name"], each["verdict"]) == ("ma", "Ma Jun", "approve")
            assert each["at"].endswith("Z")
    history = api("amy").get(f"/records/{made['id']}/history").body["items"]
    assert sum(each["event"] == "task.decided" for each in history) == 1


def test_decided_or_withdrawn_but_not_both(api: Callable[[str], Api]) -> None:
    for _ in range(10):
        made = trip(api("amy"))
        body = {"verdict": "approve", "values": {"granted": "1"}}
        decide = partial(api("ma").post, f"/tasks/{task_of(made)}/decision", body)
        answers = at_once([decide, partial(api("amy").post, f"/records/{made['id']}/withdraw", {})])
        assert sum(each.status == 200 for each in answers) == 1, answers
        assert all(each.status in (200, 409, 422) for each in answers), answers
        assert api("amy").get(f"/records/{made['id']}")["status"] in ("approved", "withdrawn")


def test_the_same_key_at_once_files_once(api: Callable[[str], Api]) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"values": {"purpose": key["Idempotency-Key"], "cost": "5"}}
    clients = [api("amy") for _ in range(8)]
    answers = at_once([partial(each.post, "/forms/trip/records", body, **key) for each in clients])
    assert {each.status for each in answers} <= {201, 409}
    assert len({each["id"] for each in answers if each.status == 201}) == 1
    other = api("amy").post("/forms/trip/records", {"values": {"purpose": "other", "cost": "5"}}, **key)
    assert (other.status, other["code"]) == (422, "idempotency_key_reused")


def test_numbers_and_unique_values_are_unique(api: Callable[[str], Api]) -> None:
    clients = [api("amy") for _ in range(CLIENTS)]
    filed = at_once(
        [partial(each.post, "/forms/trip/records", {"values": {"purpose": "n", "cost": "1"}}) for each in clients]
    )
    assert len({each["number"] for each in filed}) == CLIENTS
    body = {"values": {"code": uuid.uuid4().hex}}
    held = at_once([partial(each.post, "/forms/thing/records", body) for each in clients])
    assert Counter(each.status for each in held) == {201: 1, 422: CLIENTS - 1}
    assert {each["problems"][0]["path"] for each in held if each.status == 422} == {"/values/code"}


def test_a_stale_revision_is_told_who_was_first(api: Callable[[str], Api]) -> None:
    made = api("amy").post("/forms/thing/records", {"values": {"amount": "1"}}).body
    clients = [api("ada") for _ in range(8)]
    path = f"/records/{made['id']}"
    answers = at_once(
        [
            partial(each.send, "PATCH", path, {"values": {"amount": f"{place}.5"}, "revision": 1})
            for place, each in enumerate(clients, start=2)
        ]
    )
    assert Counter(each.status for each in answers) == {200: 1, 409: 7}
    assert {each["by"] for each in answers if each.status == 409} == {"ada"}


@pytest.mark.parametrize(
    ("path", "size"), [("/forms/thing/records", 10_000_000), ("/nothing", 1_000_000), ("/files", 40_000_000)]
)
def test_a_body_that_is_too_large_still_gets_its_answer(
    server: Server, tokens: dict[str, str], path: str, size: int
) -> None:
    client = http.client.HTTPConnection(f"127.0.0.1:{server.port}", timeout=60)
    headers = {"Authorization": f"Bearer {tokens['amy']}", "Content-Type": "application/json"}
    client.request("POST", f"/api/v1{path}", body=b'{"values": "' + b"a" * size + b'"}', headers=headers)
    answer = client.getresponse()
    assert answer.status == (404 if path == "/nothing" else 413)
    assert answer.getheader("Content-Type") == "application/problem+json"
    assert json.loads(answer.read())["status"] == answer.status


def test_the_history_still_holds(server: Server, settings: dict[str, str]) -> None:
    assert command("audit", "verify", env=settings).returncode == 0
