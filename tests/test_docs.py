"""The documentation names everything that people can set, call or meet, and its links lead somewhere."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import click
import pytest
from flask import Flask

from signoff import cli
from signoff.flows import actions, selectors
from signoff.flows.definition import Kind, Mode, Settings
from signoff.forms import types
from signoff.platform.config import Config
from signoff.plugins.api import Plugin

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def commands(group: click.Group, before: str = "signoff") -> list[str]:
    found: list[str] = []
    for name, command in group.commands.items():
        full = f"{before} {name}"
        found += commands(command, full) if isinstance(command, click.Group) else [full]
    return found


@pytest.mark.parametrize("command", commands(cli.main))
def test_every_command_is_documented(command: str) -> None:
    assert f"`{command}" in text("commands.md")


def options(group: click.Group, before: str = "signoff") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, command in group.commands.items():
        full = f"{before} {name}"
        if isinstance(command, click.Group):
            found += options(command, full)
        else:
            found += [(full, each.opts[0]) for each in command.params if isinstance(each, click.Option)]
    return found


@pytest.mark.parametrize(("command", "option"), options(cli.main))
def test_every_option_is_documented(command: str, option: str) -> None:
    line = next(line for line in text("commands.md").splitlines() if f"`{command}" in line)
    assert option in line


@pytest.mark.parametrize("setting", [each.name for each in fields(Config)])
def test_every_setting_is_documented(setting: str) -> None:
    assert f"`SIGNOFF_{setting.upper()}`" in text("configuration.md")


def test_the_table_of_settings_is_what_the_code_says() -> None:
    for each in fields(Config):
        assert each.metadata["help"] in text("configuration.md"), each.name


def test_every_field_type_is_documented(app: Flask) -> None:
    assert not [each.name for each in types.all_types() if f"`{each.name}`" not in text("field-types.md")]


@pytest.mark.parametrize("word", [*Kind, *Mode, *(each.name for each in fields(Settings))])
def test_every_word_of_flows_is_documented(word: str) -> None:
    assert f"`{word}`" in text("flows.md")


def test_every_selector_and_action_is_documented(app: Flask) -> None:
    everything = text("flows.md")
    assert not [name for name in selectors.known() if f"`{name}`" not in everything]
    assert not [action.name for action in actions.all_actions() if f"`{action.name}`" not in everything]


@pytest.mark.parametrize("member", [each.name for each in fields(Plugin)])
def test_everything_a_plugin_brings_is_documented(member: str) -> None:
    assert f"`{member}`" in text("plugins.md")


def codes() -> set[str]:
    """The stable codes of all problems and errors, read from the source."""
    found: set[str] = set()
    for floor in ("platform", "forms", "flows", "plugins"):
        for path in (ROOT / floor).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found |= _codes_of(node)
    return found


def _codes_of(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        found = {each.value.value for each in node.keywords if each.arg == "code" and _is_text(each.value)}
        if name == "Problem" and len(node.args) > 1 and _is_text(node.args[1]):
            found.add(node.args[1].value)
        return found
    if isinstance(node, ast.ClassDef):
        return {
            each.value.value
            for each in node.body
            if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == "code" and _is_text(each.value)
        }
    return set()


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(re.fullmatch("[a-z_]+", node.value))


def test_every_code_is_documented() -> None:
    everything = text("problems.md") + text("checks.md")
    assert not sorted(code for code in codes() if f"`{code}`" not in everything)


def test_every_call_of_the_api_is_documented(app: Flask) -> None:
    rules = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix("/api/v1")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and "openapi" not in rule.rule
    }
    documented = re.sub(r"\{\w+\}", "{}", text("api.md"))
    assert not sorted(rule for rule in rules if re.sub(r"\{\w+\}", "{}", rule) not in documented)


PAGES = [*sorted(DOCS.glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target
