"""Rewrite the table of settings in ``docs/configuration.md`` from the code."""

from dataclasses import fields
from pathlib import Path

from signoff.platform.config import Config

PAGE = Path(__file__).resolve().parent.parent / "docs" / "configuration.md"
START, END = "<!-- settings -->\n", "<!-- end -->\n"


def table() -> str:
    rows = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for each in fields(Config):
        default = str(each.default).lower() if isinstance(each.default, bool) else str(each.default)
        shown = f"`{default}`" if default else ""
        rows.append(f"| `SIGNOFF_{each.name.upper()}` | {shown} | {each.metadata['help']} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(START)
    _, after = rest.split(END)
    PAGE.write_text(before + START + table() + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
