"""The distribution holds all that it runs on, and the repository can be what it is: the package's root."""

import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def project() -> dict[str, object]:
    found: dict[str, object] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True, capture_output=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


def test_every_package_is_listed() -> None:
    listed = set(project()["tool"]["setuptools"]["packages"])  # type: ignore[index]
    present = {"signoff", "signoff.platform"}
    for floor in ("platform", "forms", "flows", "plugins"):
        present |= {
            "signoff." + ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / floor).rglob("__init__.py")
        }
    assert present <= listed
    assert listed <= present | {"signoff.platform.migrations"}


def test_a_wheel_holds_every_source_and_every_file_that_is_read(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())
    expected: set[str] = set()
    for floor in ("platform", "forms", "flows", "plugins", "templates", "static/dist"):
        for path in (ROOT / floor).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".pyc", ".pot", ""):
                expected.add(f"signoff/{path.relative_to(ROOT)}")
    expected |= {f"signoff/{name}" for name in ("__init__.py", "__main__.py", "app.py", "cli.py", "py.typed")}
    assert not expected - held
    assert not {name for name in held if name.startswith(("signoff/tests", "signoff/static/src", "tests/"))}


def test_an_installed_wheel_checks_and_knows_its_plugins(wheel: Path, tmp_path: Path) -> None:
    """The dependencies are those of this environment; the package comes from the wheel alone."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / "bin" / "python"
    place = Path(
        subprocess.run(
            [python, "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True, text=True, check=True
        ).stdout.strip()
    )
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    dependencies = Path(pytest.__file__).resolve().parent.parent
    run = {"cwd": tmp_path, "capture_output": True, "text": True}
    environment = {"PYTHONPATH": f"{place}:{dependencies}", "PATH": "/usr/bin:/bin", "SIGNOFF_DATA_DIR": str(tmp_path)}
    where = subprocess.run([python, "-c", "import signoff; print(signoff.__file__)"], env=environment, **run)  # type: ignore[call-overload]
    assert where.stdout.strip().startswith(str(place))
    code = (
        "from signoff.plugins.demo import build\n"
        "from signoff import create_app\n"
        "app = create_app()\n"
        "with app.app_context(): build(print)\n"
        "client = app.test_client()\n"
        "answer = client.get('/sign-in', headers={'Host': '127.0.0.1'})\n"
        "print(answer.status_code, 'static' in answer.text)\n"
    )
    done = subprocess.run([python, "-c", code], env=environment, **run)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    assert "200 True" in done.stdout


def test_versions_of_dependencies_are_bounded() -> None:
    names = project()["project"]["dependencies"]  # type: ignore[index]
    assert not [name for name in names if "<" not in name and not name.startswith("tzdata")]
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert "://" not in constraints


def test_lock_files_name_no_registry() -> None:
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text(encoding="utf-8")


def test_the_front_door_opens_lazily() -> None:
    code = "import sys, signoff; print('flask' in sys.modules); from signoff import Signoff, create_app"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
