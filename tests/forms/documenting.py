"""The tables of ``docs/field-types.md`` and ``docs/formulas.md``, made of what the code says of itself.

``.venv/bin/python -m tests.forms.documenting`` writes them anew.
"""

import inspect
from pathlib import Path

import marshmallow as ma

from signoff.forms.fields import BUILT_IN
from signoff.forms.formulas import FUNCTIONS
from signoff.forms.formulas.functions import Function

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
BEGIN, END = "<!-- made of the code: begin -->", "<!-- made of the code: end -->"


def field_types() -> str:
    """One section a type: what it is, and its options."""
    parts = []
    for each in BUILT_IN:
        about = " ".join((inspect.getdoc(each) or "").split()).replace("``", "`")
        parts.append(f"### `{each.name}` · {each.label}\n\n{about}\n")
        if each.options:
            rows = [f"| `{name}` | {_about(option)} |" for name, option in each.options.items()]
            parts.append("| option | |\n| --- | --- |\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _about(option: ma.fields.Field) -> str:  # type: ignore[type-arg]
    needed = " Needed." if option.required else ""
    return f"{option.metadata['doc']}{needed}".replace("|", "\\|")


def functions() -> str:
    """One row a function."""
    rows = [f"| `{each.name}` | {_takes(each)} | {each.about} | `{each.example}` |" for each in FUNCTIONS.values()]
    return "| function | takes | what it gives | for example |\n| --- | --- | --- | --- |\n" + "\n".join(rows) + "\n"


def _takes(function: Function) -> str:
    named = [" or ".join(sorted(sorts)) if len(sorts) < 9 else "anything" for sorts in function.takes]
    shown = [f"{name}" if index < function.least else f"[{name}]" for index, name in enumerate(named)]
    return ", ".join(shown) + (" …" if function.repeats else "")


PAGES = {"field-types.md": field_types, "formulas.md": functions}


def made(page: str) -> str:
    """The page with its part that is made of the code."""
    before, _, rest = (DOCS / page).read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{PAGES[page]()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    for name in PAGES:
        (DOCS / name).write_text(made(name), encoding="utf-8")
