"""Tags of what is built, and pages that stand without a build."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from signoff.platform.web import assets
from signoff.platform.web.pages import bp

MANIFEST = {
    "static/src/app/main.ts": {"file": "assets/main-1.js", "css": ["assets/main-1.css"], "imports": ["_shared.js"]},
    "_shared.js": {"file": "assets/shared-1.js", "css": ["assets/shared-1.css"], "imports": ["_shared.js"]},
}


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(assets, "DIST", tmp_path)
    monkeypatch.setattr(assets, "_seen", [-10.0, 0])
    assets._parsed.cache_clear()
    app = Flask("small")
    app.extensions["signoff"] = SimpleNamespace(caches={})
    app.register_blueprint(bp, url_prefix="/100%25")
    with app.test_request_context("/"):
        yield tmp_path
    assets._parsed.cache_clear()
    assets._tags.cache_clear()
    assets._drawn.cache_clear()


def build(dist: Path) -> None:
    (dist / ".vite").mkdir()
    (dist / ".vite" / "manifest.json").write_text(json.dumps(MANIFEST))
    (dist / "icons.json").write_text(json.dumps({"check": '<path d="M1 1"/>'}))


def test_without_a_build_pages_have_no_scripts_and_empty_icons(dist: Path) -> None:
    assert assets.asset("app/main.ts") == ""
    assert assets.icon("check").endswith("></svg>")


def test_an_entry_brings_its_styles_and_what_it_imports(dist: Path) -> None:
    build(dist)
    tags = assets.asset("app/main.ts").split("\n")
    assert [tag.split("/static/")[1].split('"')[0] for tag in tags] == [
        "assets/main-1.css",
        "assets/shared-1.css",
        "assets/shared-1.js",
        "assets/main-1.js",
    ]
    assert 'type="module"' in tags[-1]
    assert "nonce=" in tags[-1]


def test_what_is_not_built_has_no_tags(dist: Path) -> None:
    build(dist)
    assert assets.asset("app/other.ts") == ""


def test_an_icon_is_hidden_from_screen_readers_unless_it_says_something(dist: Path) -> None:
    build(dist)
    assert '<path d="M1 1"/>' in assets.icon("check")
    assert 'aria-hidden="true"' in assets.icon("check")
    assert 'role="img" aria-label="&lt;Done&gt;"' in assets.icon("check", "<Done>")
