"""Tags of the built scripts and styles, and icons drawn into the page; without a build, pages work plainly."""

import json as stdlib_json
from functools import cache
from pathlib import Path
from typing import Any

from flask import url_for
from markupsafe import Markup, escape

from .security import csp_nonce

DIST = Path(__file__).resolve().parents[2] / "static" / "dist"
SOURCE = "static/src/"


def asset(name: str) -> Markup:
    """Tags for the entry ``name`` below ``static/src``, for example ``app/main.ts``; nothing where it is not built."""
    manifest = _read(".vite/manifest.json")
    entry = manifest.get(SOURCE + name)
    if entry is None:
        return Markup("")
    styles, scripts = _files_of(manifest, SOURCE + name)
    nonce = csp_nonce()
    tags = [Markup('<link rel="stylesheet" href="{}">').format(_url(file)) for file in styles]
    tags += [Markup('<link rel="modulepreload" href="{}">').format(_url(file)) for file in scripts]
    if str(entry["file"]).endswith(".js"):
        tag = Markup('<script type="module" src="{}" nonce="{}"></script>')
        tags.append(tag.format(_url(entry["file"]), nonce))
    else:
        tags.append(Markup('<link rel="stylesheet" href="{}">').format(_url(entry["file"])))
    return Markup("\n").join(tags)


def icon(name: str, label: str = "", css: str = "") -> Markup:
    """The Bootstrap icon ``name`` as inline SVG; hidden from screen readers unless it has a ``label``."""
    body = _read("icons.json").get(name, "")
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    opening = Markup('<svg class="icon {}" viewBox="0 0 16 16" width="16" height="16" fill="currentColor" {}>')
    return opening.format(escape(css), spoken) + Markup(body) + Markup("</svg>")  # noqa: S704 - our own build


def _url(file: str) -> str:
    return url_for("signoff_web.static", filename=file)


def _files_of(manifest: dict[str, Any], key: str) -> tuple[list[str], list[str]]:
    """The styles of an entry and of all it imports at once, and the scripts it imports."""
    styles: dict[str, None] = {}
    scripts: dict[str, None] = {}
    waiting = [key]
    seen: set[str] = set()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        chunk = manifest[current]
        styles.update(dict.fromkeys(chunk.get("css", ())))
        if current != key:
            scripts[chunk["file"]] = None
        waiting += chunk.get("imports", ())
    return list(styles), list(scripts)


def _read(file: str) -> dict[str, Any]:
    path = DIST / file
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    return _parsed(path, changed)


@cache
def _parsed(path: Path, _changed: int) -> dict[str, Any]:
    """The JSON file of the build; ``_changed`` makes a new build seen without a restart."""
    found: dict[str, Any] = stdlib_json.loads(path.read_text(encoding="utf-8"))
    return found
