"""The ``signoff`` command as its users meet it: exit status, what goes to which stream; sentences, not tracebacks."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from signoff.cli import main

from .conftest import DEFINITIONS, definition

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("check", path)`` in a data folder of its own."""
    for name in [name for name in os.environ if name.startswith("SIGNOFF_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SIGNOFF_DATA_DIR", str(tmp_path / "var"))

    def command(*arguments: object) -> Result:
        result = CliRunner().invoke(main, [str(each) for each in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return command


@pytest.fixture
def applied(run: Run) -> Run:
    """The examples are in force."""
    assert run("apply", DEFINITIONS).exit_code == 0
    return run


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document) if not isinstance(document, str) else document, encoding="utf-8")
    return path


def changed(name: str, **changes: Any) -> dict[str, Any]:
    return {**definition(name), **changes}


def route_flow(*branches: dict[str, Any]) -> dict[str, Any]:
    given = [{"id": f"b{place}", "steps": [], **each} for place, each in enumerate(branches)]
    return changed("refund.flow", steps=[{"id": "level", "kind": "route", "title": "Level", "branches": given}])


def test_the_life_of_a_definition_on_the_command_line(run: Run, tmp_path: Path) -> None:
    checked = run("check", DEFINITIONS)
    assert (checked.exit_code, checked.stderr) == (0, "6 files, 0 errors, 1 warnings.\n")
    tried = run("apply", DEFINITIONS, "--dry-run")
    assert (tried.exit_code, tried.stderr) == (0, "Nothing was changed: this was a dry run.\n")
    assert run("apply", DEFINITIONS).stdout == tried.stdout
    again = run("apply", DEFINITIONS)
    assert (again.exit_code, again.stdout, again.stderr) == (0, "", "Nothing changes.\n")
    exported = run("export", tmp_path / "out")
    assert "people.json" in [Path(line).name for line in exported.stdout.splitlines()]
    assert run("apply", tmp_path / "out").stderr == "Nothing changes.\n"
    assert run("audit", "verify").exit_code == 0


@pytest.mark.parametrize(
    ("branches", "code"),
    [
        ([{"when": {"amount": {"lt": "200"}}}, {"when": {"amount": {"gt": "200"}}}], "gap"),
        ([{"when": {"amount": {"lte": "200"}}}, {"when": {"amount": {"gte": "200"}}}], "overlap"),
    ],
)
def test_check_prints_one_problem_a_line_and_points_at_the_route_step(
    run: Run, tmp_path: Path, branches: list[dict[str, Any]], code: str
) -> None:
    flow = write(tmp_path / "refund.flow.json", route_flow(*branches))
    others = [DEFINITIONS / f"{name}.form.json" for name in ("refund", "sales_order", "product", "stock_movement")]
    result = run("check", flow, *others)
    assert result.exit_code == 1
    assert [line for line in result.stdout.splitlines() if line.startswith(f"{flow}: /steps/0: {code}: ")]
    (found,) = [each for each in json.loads(run("check", flow, *others, "--json").stdout) if each["code"] == code]
    assert found.keys() == {"file", "path", "code", "severity", "message", "example"}
    assert (found["file"], found["path"], found["severity"]) == (str(flow), "/steps/0", "error")
    assert found["example"]["amount"] == "200.00"


def test_what_cannot_be_read_is_one_problem_among_the_others(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "a.json", "[" * 1000)
    write(tmp_path / "b.json", "x" * (10 * 1024 * 1024))
    write(tmp_path / "c.json", {"schema": "form/2"})
    result = run("check", tmp_path, "--json")
    assert result.exit_code == 1
    assert [each["code"] for each in json.loads(result.stdout)] == ["malformed", "too_large", "unknown_schema"]


VALUES = {"amount": "7000", "path": "return", "reason": "damaged", "channel": "web", "method": "original"}


def route(run: Run, tmp_path: Path, *more: object, by: str = "amy", values: Any = VALUES, **files: Path) -> Result:
    given = {name: DEFINITIONS / f"{file}.json" for name, file in
             (("flow", "refund.flow"), ("form", "refund.form"), ("people", "people"))} | files  # fmt: skip
    values_file = write(tmp_path / "values.json", values)
    return run("route", given["flow"], "--form", given["form"], "--people", given["people"], "--by", by,
               "--values", values_file, *more)  # fmt: skip


def test_route_says_every_step_on_the_way(run: Run, tmp_path: Path) -> None:
    result = route(run, tmp_path, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    assert found.keys() == {"outcome", "steps", "problems"}
    assert [step["id"] for step in found["steps"]] == [
        "first_answer", "goods", "inspect", "level", "manager", "both", "finance", "directors", "pay", "restock",
        "tell_customer",
    ]  # fmt: skip
    steps = {step["id"]: step for step in found["steps"]}
    assert all(step.keys() == {"id", "kind", "people", "pool", "due", "why", "skipped"} for step in found["steps"])
    assert (steps["first_answer"]["pool"], steps["first_answer"]["people"]) == ("service", ["bo", "li"])
    assert (steps["finance"]["pool"], steps["finance"]["people"]) == ("finance", ["fang", "fei"])
    assert (steps["directors"]["pool"], steps["directors"]["people"]) == (None, ["zhou", "gao"])
    assert found["outcome"] == "approved"
    words = route(run, tmp_path)
    assert words.stdout.splitlines()[-1] == "Outcome: approved"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ({"by": "nobody"}, 1, "There is no active person 'nobody'"),
        ({"values": "{"}, 1, "No JSON"),
        ({"values": []}, 1, "Expected a JSON object"),
        ({"people": DEFINITIONS / "refund.form.json"}, 1, "people: /schema"),
        ({"form": DEFINITIONS / "product.form.json"}, 1, "flow: /form"),
        ({"flow": DEFINITIONS / "missing.json"}, 2, "does not exist"),
    ],
)
def test_route_refuses_what_does_not_fit(
    run: Run, tmp_path: Path, arguments: dict[str, Any], status: int, said: str
) -> None:
    result = route(run, tmp_path, "--json", **arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert said in result.stderr


def test_values_that_are_no_values_are_problems_of_the_route(run: Run, tmp_path: Path) -> None:
    found = json.loads(route(run, tmp_path, "--json", values={**VALUES, "deduction": "1,000.00"}).stdout)
    assert [each["path"] for each in found["problems"]] == ["/values/deduction"]


def test_import_reports_every_bad_row_with_its_line(applied: Run, tmp_path: Path) -> None:
    file = tmp_path / "products.csv"
    rows = ["sku,name,price", 'A-1,"two\r\nlines",10.00', "A-2,fine,5", "A-2,twice,5", 'A-3,bad,"1,000.00"', ",none,1"]
    file.write_bytes("\r\n".join(rows).encode("utf-8-sig"))
    refused = applied("import", "product", file, "--atomic")
    assert refused.exit_code == 1
    assert "0 records imported, 3 rows refused." in refused.stderr
    result = applied("import", "product", file)
    assert [line.split(": ")[:3] for line in result.stdout.splitlines()] == [
        [f"{file}:5", "/values/sku", "not_unique"],
        [f"{file}:6", "/values/price", "invalid"],
        [f"{file}:7", "/values/sku", "required"],
    ]
    assert "2 records imported, 3 rows refused." in result.stderr
    again = applied("import", "product", file)
    assert f"{file}:2: /values/sku: not_unique" in again.stdout  # where the row begins, not where it ends
    assert "0 records imported, 5 rows refused." in again.stderr


@pytest.mark.parametrize(
    ("form", "content", "more", "status", "said"),
    [
        ("product", b"", [], 1, "no header"),
        ("product", b"sku,name,price\n", [], 0, "0 records imported"),
        ("product", b"sku,sku\n1,2\n", [], 1, "stands twice"),
        ("product", "sku,name,price\nÄ,Ö,1\n".encode("latin-1"), [], 1, "Save it as UTF-8, or name its encoding"),
        ("product", "sku,name,price\nÄ,Ö,1\n".encode("latin-1"), ["--encoding", "latin-1"], 0, "1 records imported"),
        ("product", b"sku,name,price\n", ["--encoding", "no-such"], 1, "No encoding"),
        ("product", b"a,b,c\nA,B,1\n", ["--map", "sku=a", "--map", "name=b", "--map", "price=c"], 0, "1 records"),
        ("product", b"a,b\n1,2\n", ["--map", "zz=a", "--map", "sku=zz"], 1, "2 problems"),
        ("product", b"sku\n1\n", ["--map", "sku"], 2, "FIELD=COLUMN"),
        ("product", b"sku;name;price\nA;B;1\n", [], 0, "1 records imported"),
        ("nothing", b"sku\n1\n", [], 1, "There is no form 'nothing'"),
        ("product", b"sku\n1\n", ["--by", "zz"], 1, "There is no person 'zz'"),
    ],
)
def test_import_of_all_sorts_of_files(
    applied: Run, tmp_path: Path, form: str, content: bytes, more: list[str], status: int, said: str
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)
    result = applied("import", form, file, *more)
    assert result.exit_code == status, result.stderr
    assert said in result.stderr


def test_a_token_is_printed_and_works_for_active_people_only(applied: Run) -> None:
    assert applied("token", "amy", "--name", "script", "--days", "1").stdout.startswith("so_")
    refused = applied("token", "nobody")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert applied("token", "amy", "--days", "0").exit_code == 2


@pytest.mark.parametrize(
    "command",
    [["export", "out"], ["audit", "verify"], ["token", "amy"], ["worker"], ["import", "product", __file__]],
    ids=" ".join,
)
def test_without_tables_the_way_out_is_named(run: Run, command: list[str]) -> None:
    result = run(*command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "signoff db upgrade" in result.stderr


def test_every_wrong_setting_is_named_at_once(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "DATABASE_URL": "mysql://x",
        "LANGUAGE": "fr",
        "PROXIES": "two",
        "PROT": "1",
        "TIME_ZONE": "Mars",
        "MAIL_URL": "x",
        "SECRET_KEY": "short",
        "COUNTRY": "ZZ",
        "SIGN_IN_LIMIT": "lots",
    }
    for name, value in wrong.items():
        monkeypatch.setenv(f"SIGNOFF_{name}", value)
    result = run("doctor")
    assert result.exit_code == 1
    assert not [name for name in wrong if f"/SIGNOFF_{name}: " not in result.stderr]


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("DATABASE_URL", "postgresql://postgres@127.0.0.1:1/x", "does not answer"),
        ("DATABASE_URL", "sqlite:////proc/nowhere/signoff.db", "does not answer"),
        ("DATABASE_URL", f"sqlite:///{DEFINITIONS / 'people.json'}", "file is not a database"),
        ("PLUGINS", "no_such:plugin", "no_such:plugin"),
        ("DATA_DIR", "/proc/nowhere", "/proc/nowhere"),
    ],
)
def test_what_signoff_stands_on_is_away(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"SIGNOFF_{setting}", value)
    result = run("apply", DEFINITIONS)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_port_that_is_taken_is_said_at_once(run: Run, command: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = run(command, "--port", port)
    assert result.exit_code == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert "--port" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["nope"], ["check"], ["apply"], ["route", __file__], ["run", "--port", "0"], ["check", "--zz", "x"]],
)
def test_wrong_usage_ends_with_2(run: Run, arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage:" in result.stderr
