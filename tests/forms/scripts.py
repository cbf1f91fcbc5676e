"""What the browser's evaluators are given: typed values as JSON, trees, and a node that runs them."""

import importlib.util
import json
import os
import subprocess
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from signoff.forms.conditions import operand_json

ROOT = Path(__file__).resolve().parents[2]
AGREEMENT = ROOT / "static" / "src" / "forms" / "agreement.ts"


def typed(values: dict[str, Any]) -> dict[str, Any]:
    """Typed values by key, each with its sort; blanks left out."""
    return {key: _typed(value) for key, value in values.items() if value is not None}


def _typed(value: Any) -> Any:
    if isinstance(value, tuple | list) and value and isinstance(value[0], dict):
        return {"rows": [typed(row) for row in value]}
    return operand_json(value)


@lru_cache(maxsize=1)
def _building() -> ModuleType:
    spec = importlib.util.spec_from_file_location("signoff_static_build", ROOT / "static" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def node() -> dict[str, str]:
    """The environment in which node runs; without one the test is skipped, but never where all must run."""
    environment: dict[str, str] | None = _building()._environment()
    if environment is not None and (ROOT / "node_modules" / ".bin" / "rolldown").exists():
        return environment
    if os.environ.get("CI") == "true":
        pytest.fail("no node, or nothing installed for it: python static/build.py")
    pytest.skip("no node, or nothing installed for it: python static/build.py")


def answers(folder: Path, cases: Any) -> Any:
    """What the evaluators of the browser answer to ``cases``, run by node from a bundle of their own."""
    environment = node()
    bundle, asked, answered = folder / "agreement.mjs", folder / "asked.json", folder / "answered.json"
    asked.write_text(json.dumps(cases), encoding="utf-8")
    rolldown = str(ROOT / "node_modules" / ".bin" / "rolldown")
    building = [rolldown, str(AGREEMENT), "--file", str(bundle), "--format", "esm", "--platform", "node"]
    for command in (building, ["node", str(bundle), str(asked), str(answered)]):
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr or ran.stdout
    return json.loads(answered.read_text(encoding="utf-8"))
