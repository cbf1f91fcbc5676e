"""Tags of the built scripts and styles, and icons drawn into the page; without a build, pages work plainly."""

import json as stdlib_json
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import has_request_context, request, url_for
from markupsafe import Markup

from ..caches import cache
from .security import csp_nonce

DIST = Path(__file__).resolve().parents[2] / "static" / "dist"
SOURCE = "static/src/"


def asset(name: str) -> Markup:
    """Tags for the entry ``name`` below ``static/src``, for example ``app/main.ts``; nothing where it is not built."""
    folders = cache("web.assets")
    root = request.script_root if has_request_context() else None
    if root not in folders:
        folders[root] = url_for("signoff_web.static", filename="").replace("%", "%%")
    folder = folders[root]
    return _tags(name, folder, build()) % {"nonce": csp_nonce()}


def icon(name: str, label: str = "", css: str = "") -> Markup:
    """The Bootstrap icon ``name`` as inline SVG; hidden from screen readers unless it has a ``label``."""
    return _drawn(name, label, css, build())


def symbol(name: str, place: str) -> Markup:
    """The icon as a ``<symbol>`` with the id ``place``, for pages that show it many times by ``<use>``."""
    body = _parsed("icons.json", build()).get(name, "")
    return Markup('<symbol id="{}" viewBox="0 0 16 16">{}</symbol>').format(place, Markup(body))  # noqa: S704 - our own


def drawing(name: str) -> str:
    """What is inside the SVG of a Bootstrap icon, for scripts that draw it; empty where there is none."""
    found: str = _parsed("icons.json", build()).get(name, "")
    return found


@lru_cache(maxsize=1024)
def _drawn(name: str, label: str, css: str, build: int) -> Markup:
    body = _parsed("icons.json", build).get(name, "")
    spoken = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    opening = Markup('<svg class="{}" viewBox="0 0 16 16" width="16" height="16" fill="currentColor" {}>')
    return opening.format(f"icon {css}".rstrip(), spoken) + Markup(body) + Markup("</svg>")  # noqa: S704 - our own build


@lru_cache(maxsize=64)
def _tags(name: str, folder: str, build: int) -> Markup:
    """The tags of an entry, with a place for the nonce."""
    manifest = _parsed(".vite/manifest.json", build)
    entry = manifest.get(SOURCE + name)
    if entry is None:
        return Markup("")
    styles, scripts = _files_of(manifest, SOURCE + name)
    links = [Markup('<link rel="stylesheet" href="{}{}">').format(folder, file) for file in styles]
    links += [Markup('<link rel="modulepreload" href="{}{}">').format(folder, file) for file in scripts]
    script = Markup('<script type="module" src="{}{}" nonce="%(nonce)s"></script>').format(folder, entry["file"])
    return Markup("\n").join([*links, script])


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


_LOOK_SECONDS = 1.0
_seen = [-_LOOK_SECONDS, 0]


def build() -> int:
    """Which build there is; looked up at most once a second, so that a new one is seen without a restart."""
    now = time.monotonic()
    if now - _seen[0] >= _LOOK_SECONDS:
        path = DIST / ".vite" / "manifest.json"
        _seen[:] = [now, path.stat().st_mtime_ns if path.exists() else 0]
    return int(_seen[1])


@lru_cache(maxsize=4)
def _parsed(file: str, _build: int) -> dict[str, Any]:
    """A JSON file of the build, empty where nothing is built."""
    path = DIST / file
    found: dict[str, Any] = stdlib_json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found
