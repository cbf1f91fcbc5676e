"""Everything that people read is there in Chinese: every message of the code and the templates has its translation."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("platform", "forms", "flows", "plugins")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]")


def extracted(floor: str, folder: Path) -> dict[str, str | tuple[str, ...]]:
    target = folder / f"{floor}.pot"
    sources = [str(ROOT / floor), str(ROOT / "templates" / floor)]
    command = ["-q", "extract", "-F", str(ROOT / "babel.cfg"), "-k", "msg", "-k", "_l", "-o", str(target), *sources]
    subprocess.run([sys.executable, "-m", "babel.messages.frontend", *command], check=True, cwd=ROOT)
    with target.open("rb") as text:
        return {
            (message.id if isinstance(message.id, str) else message.id[0]): message.id
            for message in read_po(text)
            if message.id
        }


@pytest.mark.parametrize("floor", FLOORS)
def test_every_message_has_its_chinese(floor: str, tmp_path: Path) -> None:
    with (ROOT / floor / "translations" / "zh_CN" / "LC_MESSAGES" / "messages.po").open("rb") as text:
        catalogue = {
            (message.id if isinstance(message.id, str) else message.id[0]): message
            for message in read_po(text, locale="zh_CN")
            if message.id and not message.fuzzy
        }
    missing = [key for key in extracted(floor, tmp_path) if key not in catalogue or not catalogue[key].string]
    assert not missing


@pytest.mark.parametrize("floor", FLOORS)
def test_translations_keep_their_placeholders(floor: str) -> None:
    with (ROOT / floor / "translations" / "zh_CN" / "LC_MESSAGES" / "messages.po").open("rb") as text:
        catalogue = list(read_po(text, locale="zh_CN"))
    for message in catalogue:
        if not message.id or not message.string:
            continue
        wanted = set(PLACEHOLDER.findall(message.id if isinstance(message.id, str) else message.id[-1]))
        strings = (message.string,) if isinstance(message.string, str) else tuple(message.string)
        for string in filter(None, strings):
            assert set(PLACEHOLDER.findall(string)) <= wanted | {"num"}, message.id
