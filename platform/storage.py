"""Where the content of files is: a folder of this machine, or whatever fsspec reaches (S3 and what speaks like it).

Content is written once and never changed, so there is nothing to lock and nothing to be stale.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

BLOCK_BYTES = 1024 * 1024
"""What is fetched at a time when a file is read in parts."""

_REMOTE: dict[str, dict[str, Any]] = {
    # addresses and keys come from the environment that every program for S3 reads (AWS_…)
    "s3": {
        "use_listings_cache": False,
        "config_kwargs": {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 3}},
    },
}


class Storage(Protocol):
    """``name`` is a file's id, with an ending for what is made of it. Everything raises ``OSError`` where it fails."""

    @property
    def place(self) -> str:
        """Where it is, for people; no key or password in it."""
        ...

    def keep(self, part: Path, name: str) -> None:
        """Take the file ``part`` of this machine over; it is there whole, or not at all."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """Its content, to be read from anywhere; ``FileNotFoundError`` if it is gone."""
        ...

    def exists(self, name: str) -> bool: ...

    def remove(self, names: list[str]) -> None:
        """Forget these; it is no error if they are gone."""
        ...

    def local(self, name: str) -> Path | None:
        """Where it is on this machine, ``None`` if it is not."""
        ...


def _path_of(name: str) -> str:
    """In one of 256 folders, which file systems and people prefer."""
    return f"{name[:2]}/{name}"


class Folder:
    """A folder of this machine, or one that all nodes mount."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def place(self) -> str:
        return str(self._folder)

    def keep(self, part: Path, name: str) -> None:
        target = self.local(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.replace(part, target)
        except OSError:  # the other side of a file system
            beside = target.with_name(f".{target.name}.part")
            shutil.copyfile(part, beside)
            os.replace(beside, target)
            part.unlink()

    def open(self, name: str) -> IO[bytes]:
        return self.local(name).open("rb")

    def exists(self, name: str) -> bool:
        return self.local(name).is_file()

    def remove(self, names: list[str]) -> None:
        for name in names:
            self.local(name).unlink(missing_ok=True)

    def local(self, name: str) -> Path:
        return self._folder / _path_of(name)


class Remote:
    """Whatever fsspec reaches."""

    def __init__(self, url: str) -> None:
        import fsspec

        scheme = urlsplit(url).scheme
        self._url = url
        with _as_os_error():
            self._files, self._root = fsspec.core.url_to_fs(url, **_REMOTE.get(scheme, {}))

    @property
    def place(self) -> str:
        parts = urlsplit(self._url)
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"

    def _path(self, name: str) -> str:
        return str(PurePosixPath(self._root) / _path_of(name))

    def keep(self, part: Path, name: str) -> None:
        with _as_os_error():
            self._files.put_file(str(part), self._path(name))
        part.unlink()

    def open(self, name: str) -> IO[bytes]:
        with _as_os_error():
            found: IO[bytes] = self._files.open(self._path(name), "rb", block_size=BLOCK_BYTES)
            return found

    def exists(self, name: str) -> bool:
        with _as_os_error():
            return bool(self._files.isfile(self._path(name)))

    def remove(self, names: list[str]) -> None:
        for name in names:
            with _as_os_error():
                try:
                    self._files.rm_file(self._path(name))
                except FileNotFoundError:
                    continue

    def local(self, name: str) -> Path | None:  # noqa: ARG002
        return None


@contextmanager
def _as_os_error() -> Iterator[None]:
    """What the libraries below raise besides: an address that does not answer, a key that is refused."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


@cache
def storage_at(url: str, folder: Path) -> Storage:
    """The storage at ``url``; empty: ``folder``."""
    parts = urlsplit(url)
    if not url:
        return Folder(folder)
    if parts.scheme == "file":
        return Folder(Path(parts.path))
    return Remote(url)


@contextmanager
def on_disk(storage: Storage, name: str) -> Iterator[Path]:
    """The content as a file of this machine, while the block lasts."""
    local = storage.local(name)
    if local is not None:
        yield local
        return
    with tempfile.NamedTemporaryFile(prefix="signoff-", suffix=f"-{name}") as copy:
        with storage.open(name) as content:
            shutil.copyfileobj(content, copy)
        copy.flush()
        yield Path(copy.name)
