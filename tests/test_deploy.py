"""What stands in deploy/ names settings and commands that there are."""

import re
import shutil
import subprocess
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from signoff.cli import main
from signoff.platform.config import Config

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


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.sh")), ids=lambda path: path.name)
def test_scripts_can_be_read(path: Path) -> None:
    assert subprocess.run(["sh", "-n", path], check=False).returncode == 0
