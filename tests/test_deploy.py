"""What stands in deploy/ names settings and commands that there are."""

import re
import shutil
import subprocess
import sys
import time
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from signoff.cli import main
from signoff.platform import metrics
from signoff.platform.config import Config

from . import postgres
from .fleet import Node
from .server import command, serving

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
SETTINGS = {f"SIGNOFF_{each.name.upper()}" for each in fields(Config)}
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def _names(text: str) -> set[str]:
    return set(re.findall(r"SIGNOFF_[A-Z_]+", text))


@pytest.mark.parametrize(
    "path", sorted(path for path in DEPLOY.rglob("*") if path.is_file()), ids=lambda path: path.name
)
def test_every_setting_is_one(path: Path) -> None:
    assert _names(path.read_text(encoding="utf-8")) <= SETTINGS


def test_the_compose_file_starts_what_there_is() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert set(services) == {"database", "migrate", "web", "worker"}
    for name in ("migrate", "web", "worker"):
        program, command, *_ = services[name]["command"]
        assert (program, command in main.commands) == ("signoff", True)
    assert services["web"]["environment"]["SIGNOFF_BACKGROUND"] == "external"
    assert services["worker"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def _settings_of(service: dict[str, Any]) -> dict[str, str]:
    """The environment of a service, its variables as where nothing else is said."""
    return {
        name: re.sub(r"\$\{\w+(?::-(.*?)|:\?)?\}", lambda found: found[1] or "", str(value))
        for name, value in service["environment"].items()
    }


def _without_port(command: list[str]) -> tuple[tuple[str, ...], str]:
    place = command.index("--port")
    return (*command[1:place], *command[place + 2 :]), command[place + 1]


def _wait_until_said(log: Path, words: str) -> None:
    end = time.monotonic() + 90
    while words not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < end, log.read_text(encoding="utf-8")
        time.sleep(0.05)


@pytest.mark.postgresql
def test_the_commands_of_the_compose_file_run(tmp_path: Path) -> None:
    """Migrate, then web and worker; the health check says when web is ready, and both end when they are asked to."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    with postgres.database() as url:
        ours = {"SIGNOFF_DATABASE_URL": url, "SIGNOFF_DATA_DIR": str(tmp_path / "data"), "SIGNOFF_SECRET_KEY": "s" * 40}
        env = {name: {**_settings_of(services[name]), **ours} for name in ("migrate", "web", "worker")}
        command(*services["migrate"]["command"][1:], env=env["migrate"])
        web, port = _without_port(services["web"]["command"])
        worker = Node(env["worker"], command=tuple(services["worker"]["command"][1:]), log=tmp_path / "worker.log")
        with serving(env["web"], log=tmp_path / "web.log", command=web) as server:
            worker.start()
            check = [each.replace(f":{port}/", f":{server.port}/") for each in services["web"]["healthcheck"]["test"]]
            assert check[:2] == ["CMD", "python"]
            assert subprocess.run([sys.executable, *check[2:]], check=False).returncode == 0
            _wait_until_said(tmp_path / "worker.log", "worker started")
            server.stop()
            worker.stop()
        assert server.process is not None
        assert worker.process is not None
        assert (server.process.returncode, worker.process.returncode) == (0, 0)
        assert "worker stopped" in (tmp_path / "worker.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_start_what_there_is_and_start_it_again(path: Path) -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text(encoding="utf-8"))
    _, command, *_ = unit["Service"]["ExecStart"].split()
    assert command in main.commands
    assert unit["Service"]["Restart"] == "always"
    assert unit["Service"]["ProtectSystem"] == "strict"


def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("there is no systemd here")
    made = []
    for path in UNITS:
        unit = tmp_path / path.name.replace("@.", "@1.")
        unit.write_text(path.read_text(encoding="utf-8").replace("/opt/signoff/bin/signoff", "/bin/true"))
        made.append(unit)
    found = subprocess.run([tool, "verify", *made], capture_output=True, text=True, check=False)
    ours = [line for line in found.stderr.splitlines() if "signoff" in line]
    assert ours == []


def test_alerts_are_about_numbers_that_there_are() -> None:
    endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    known = {family.name + each for family in REGISTRY.collect() for each in endings.get(family.type, ())}
    known |= {name for name, _, _ in metrics._BACKLOG}
    rules = yaml.safe_load((DEPLOY / "alerts.yaml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    asked = {name for rule in rules for name in re.findall(r"signoff_[a-z_]+", rule["expr"])}
    assert asked <= known, asked - known
    assert len(asked) >= 4
    assert all(rule["annotations"]["summary"] for rule in rules)


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_can_be_read(path: Path) -> None:
    assert subprocess.run(["sh", "-n", path], check=False).returncode == 0
