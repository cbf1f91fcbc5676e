"""Compile the translations: every ``messages.po`` of the floors whose ``messages.mo`` is missing or older."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent


def compile_catalogue(source: Path) -> bool:
    """Write the ``.mo`` beside ``source``; whether it had to be written."""
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return False
    with source.open("rb") as text:
        catalogue = read_po(text)
    with target.open("wb") as binary:
        write_mo(binary, catalogue)
    return True


def main() -> None:
    for floor in ("platform", "forms", "flows", "plugins"):
        for source in sorted((ROOT / floor / "translations").rglob("*.po")):
            compile_catalogue(source)


if __name__ == "__main__":
    main()
