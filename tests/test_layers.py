"""Imports only go down: platform ← forms ← flows ← plugins ← roof; pure modules know no Flask and no database."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ["platform", "forms", "flows", "plugins"]

# Modules of the core: what happens is decided here, from arguments alone.
PURE = {
    "platform": [
        "text", "problems", "durations", "calendars", "people/directory", "people/definition", "people/policy",
        "acting", "business_time", "schedule_words", "schedule_definition",
    ],
    "forms": [
        "definition", "schema", "types", "fields", "conditions", "formulas", "compile", "program", "reading",
        "numbering", "diff", "kinds", "numerals", "moments", "patterns", "errors", "analysis", "places", "ordering",
        "results", "foreign", "balances", "plans", "rows", "state", "schema_problems",
    ],
    "flows": [
        "definition", "effects", "events", "schema", "compile", "program", "selectors", "engine", "run", "deadlines",
        "codec", "check", "predict", "diff", "words", "replay", "references", "filed", "whom",
    ],
}  # fmt: skip
IMPURE = {"flask", "flask_babel", "flask_login", "sqlalchemy", "flask_sqlalchemy", "random", "secrets", "apscheduler"}
IMPURE_OURS = {"clock", "db", "models", "service", "current"}


def modules() -> list[Path]:
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py")) if "migrations" not in path.parts]


def imports_of(path: Path) -> set[tuple[str, ...]]:
    """Every module that ``path`` imports: ``("forms", "definition")`` for ours, ``("", "flask")`` for others."""
    found: set[tuple[str, ...]] = set()
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {("", *alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(("", *(node.module or "").split(".")))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] + tuple(
                (node.module or "").split(".") if node.module else ()
            )
            found |= {(*base, alias.name) for alias in node.names}
    return found


def pure_modules() -> list[Path]:
    found: list[Path] = []
    for floor, names in PURE.items():
        for name in names:
            place = ROOT / floor / name
            found += [place.with_suffix(".py")] if place.with_suffix(".py").exists() else sorted(place.rglob("*.py"))
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path: Path) -> None:
    floor = FLOORS.index(path.relative_to(ROOT).parts[0])
    above = set(FLOORS[floor + 1 :]) | {"app", "cli"}
    assert not {"/".join(name) for name in imports_of(path) if name[0] in above}


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_inside_the_package_are_relative(path: Path) -> None:
    assert not {name for name in imports_of(path) if name[:2] == ("", "signoff")}


@pytest.mark.parametrize("path", pure_modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_pure_modules_take_everything_as_arguments(path: Path) -> None:
    imported = imports_of(path)
    assert not {name for name in imported if name[0] == "" and name[1] in IMPURE}
    assert not {name for name in imported if name[0] in FLOORS and IMPURE_OURS & set(name[1:])}


def test_every_pure_module_named_here_exists() -> None:
    for floor, names in PURE.items():
        for name in names:
            place = ROOT / floor / name
            assert place.with_suffix(".py").exists() or (place / "__init__.py").exists(), f"{floor}/{name}"


def test_the_standard_librarys_platform_is_not_shadowed() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()
