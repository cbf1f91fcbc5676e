"""Files that people upload: content in the storage, a row in the database, access through what they are attached to.

Content is there before the row is committed: a crash in between leaves a file that nobody knows, which harms nobody.
"""

import hashlib
import io
import os
import re
import secrets
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import IO

import sqlalchemy as sa
import structlog
from flask import Flask
from PIL import Image, ImageOps
from sqlalchemy.engine import Connection

from . import clock, config, file_types, timers
from . import storage as storing
from .db import after_commit, reading, transaction
from .errors import Conflict, NotFound, Refused, TooLarge, Unavailable
from .models import files
from .people.directory import Person
from .problems import Problem
from .storage import Storage, storage_at
from .text import msg

CHUNK_BYTES = 256 * 1024
ABANDONED = timedelta(days=1)
SWEEP = "files.sweep"
SWEPT_AT_ONCE = 500
THUMBNAIL = (480, 480)

_ID = re.compile(r"[0-9a-f]{32}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file. ``media_type`` is that of its content; ``owner`` (``record:17``) is ``None`` until it is attached."""

    id: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    has_thumbnail: bool
    uploaded_by: str | None
    uploaded_at: datetime
    owner: str | None = None

    @property
    def thumbnail(self) -> str:
        """The name of its small picture in the storage."""
        return f"{self.id}.webp"


_COLUMNS = [files.c[name] for name in StoredFile.__slots__]


def init_app(app: Flask) -> None:
    """Nothing to set up: importing this module registers the sweep."""


def storage() -> Storage:
    """Where this installation keeps the content of files."""
    found = config.current()
    return storage_at(found.files_url, found.files_dir)


def on_disk(stored: StoredFile) -> AbstractContextManager[Path]:
    """The content as a file of this machine, for libraries that want one.

    Raises:
        OSError: the storage does not answer, or the content is gone.
    """
    return storing.on_disk(storage(), stored.id)


def store(
    stream: IO[bytes], name: str, *, by: str | None, accept: Sequence[str] = (), max_bytes: int | None = None
) -> StoredFile:
    """Keep what ``stream`` holds under ``name``; nobody but ``by`` sees it until it is attached.

    Raises:
        TooLarge: more than ``max_bytes`` (or what the configuration allows) bytes.
        Refused: it is empty, damaged, not what its name says, or of no type in ``accept`` (``image/*``).
        Unavailable: the storage cannot be written to.
    """
    name = clean_name(name)
    most = min(max_bytes or config.current().max_upload_bytes, config.current().max_upload_bytes)
    try:
        part = _receive(stream, name, most)
        try:
            return _keep(part, name, by, accept)
        finally:
            part.path.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(
            msg("The file cannot be kept: %(reason)s. Nothing was changed.", reason=str(error.strerror or error))
        ) from error


@dataclass(frozen=True, slots=True)
class _Part:
    path: Path
    size_bytes: int
    sha256: str


def _receive(stream: IO[bytes], name: str, most: int) -> _Part:
    """Write the stream to a file of its own, as long as it is not too large."""
    folder = config.current().files_dir / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    handle, path = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(handle, "wb") as part:
            while chunk := stream.read(CHUNK_BYTES):
                size += len(chunk)
                if size > most:
                    raise TooLarge(
                        msg("%(name)s is larger than %(max)s. Make it smaller.", name=repr(name), max=_megabytes(most))
                    )
                digest.update(chunk)
                part.write(chunk)
            part.flush()
            os.fsync(part.fileno())
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
    return _Part(Path(path), size, digest.hexdigest())


def _keep(part: _Part, name: str, by: str | None, accept: Sequence[str]) -> StoredFile:
    detected = file_types.detect(part.path, name)
    if detected.problem is not None:
        raise Refused.because([detected.problem])
    if not file_types.accepted(detected.media_type, accept):
        raise Refused.because([_not_accepted(name, detected.media_type, accept)])
    stored = StoredFile(
        id=secrets.token_hex(16),
        name=name,
        media_type=detected.media_type,
        size_bytes=part.size_bytes,
        sha256=part.sha256,
        has_thumbnail=False,
        uploaded_by=by,
        uploaded_at=clock.now(),
    )
    row = {column: getattr(stored, column) for column in StoredFile.__slots__}
    row["has_thumbnail"] = stored.media_type in file_types.INLINE and _draw_thumbnail(part.path, stored)
    storage().keep(part.path, stored.id)
    with transaction() as conn:
        conn.execute(sa.insert(files).values(row))
    return StoredFile(**row)


def _not_accepted(name: str, found: str, accept: Sequence[str]) -> Problem:
    text = msg("%(name)s is %(found)s. Accepted: %(accept)s.", name=repr(name), found=found, accept=", ".join(accept))
    return Problem("/file", "not_accepted", text)


def _draw_thumbnail(part: Path, stored: StoredFile) -> bool:
    """A small picture without the original's metadata (place, camera); none where the picture cannot be drawn."""
    drawn = io.BytesIO()
    try:
        with Image.open(part) as picture:
            picture.draft("RGB", (THUMBNAIL[0] * 2, THUMBNAIL[1] * 2))
            small = ImageOps.exif_transpose(picture)
            small.thumbnail(THUMBNAIL)
            small = small.convert("RGBA" if "A" in small.getbands() or "transparency" in small.info else "RGB")
            small.info.clear()
            small.save(drawn, "WEBP", quality=80)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        log.info("no thumbnail", file=stored.id, media_type=stored.media_type)
        return False
    small_part = part.with_name(f"{part.name}.webp")
    small_part.write_bytes(drawn.getvalue())
    try:
        storage().keep(small_part, stored.thumbnail)
    finally:
        small_part.unlink(missing_ok=True)
    return True


def clean_name(name: str) -> str:
    """The name without folders, control characters and what file systems do not take, at most 200 characters."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C")
    name = re.sub(r'[<>:"|?*]', "_", name).strip(" .")
    if len(name) > 200:
        ending = PurePath(name).suffix[:20]
        name = name[: 200 - len(ending)] + ending
    return name or "file"


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1024 / 1024:.3g} MB"


# --- reading


Guard = Callable[[str, str, Person], bool]
_guards: dict[str, Guard] = {}


def guard(prefix: str, may_read: Guard) -> None:
    """Let ``may_read(owner_id, file_id, person)`` decide about files of owners ``<prefix>:<owner_id>``."""
    _guards[prefix] = may_read


def get(file_id: str) -> StoredFile:
    """A file, for code that has checked the right to it.

    Raises:
        NotFound: there is none.
    """
    found = get_many([file_id])
    if file_id not in found:
        raise _unknown(file_id)
    return found[file_id]


def get_many(ids: Iterable[str]) -> dict[str, StoredFile]:
    """The files of these ids, by id; those that do not exist are left out."""
    wanted = [each for each in ids if isinstance(each, str) and _ID.fullmatch(each)]
    if not wanted:
        return {}
    with reading() as conn:
        rows = conn.execute(sa.select(*_COLUMNS).where(files.c.id.in_(wanted)))
        return {row.id: StoredFile(*row) for row in rows}


def get_for(file_id: str, person: Person) -> StoredFile:
    """A file that ``person`` may read: one's own upload until it is attached, then what its owner's guard says.

    Raises:
        NotFound: there is none, or it is not theirs to see.
    """
    found = get(file_id)
    if not _may_read(found, person):
        raise _unknown(file_id)
    return found


def _may_read(found: StoredFile, person: Person) -> bool:
    if found.owner is None:
        return found.uploaded_by == person.key
    prefix, _, owner_id = found.owner.partition(":")
    may_read = _guards.get(prefix)
    return may_read is not None and may_read(owner_id, found.id, person)


def _unknown(file_id: str) -> NotFound:
    return NotFound(msg("No file %(id)s. It was removed, or is not yours to see.", id=repr(file_id)), code="no_file")


# --- attaching


def attach(conn: Connection, ids: Iterable[str], owner: str, *, by: str | None = None) -> None:
    """Give files to ``owner`` (``record:17``) in the transaction that stores it; it may have some of them already.

    ``by``: only what this person uploaded may be newly attached; ``None`` leaves that to the caller.

    Raises:
        NotFound: a file does not exist, was swept, or is somebody else's upload.
        Conflict: a file belongs to another owner.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return
    known = {
        row.id: row
        for row in conn.execute(
            sa.select(files.c.id, files.c.owner, files.c.uploaded_by).where(files.c.id.in_(wanted)).with_for_update()
        )
    }
    for file_id in wanted:
        row = known.get(file_id)
        if row is None or (row.owner is None and by is not None and row.uploaded_by not in (by, None)):
            raise _unknown(file_id)
        if row.owner not in (None, owner):
            raise Conflict(msg("File %(id)s belongs to another request. Upload it again.", id=repr(file_id)))
    new = [file_id for file_id in wanted if known[file_id].owner is None]
    if new:
        conn.execute(sa.update(files).where(files.c.id.in_(new)).values(owner=owner))


def release(conn: Connection, owner: str) -> None:
    """Let go of all files of an owner that is deleted; the sweep removes them a day later."""
    conn.execute(sa.update(files).where(files.c.owner == owner).values(owner=None, uploaded_at=clock.now()))


# --- sweeping


@timers.recurring(SWEEP, timedelta(days=1))
def sweep(conn: Connection, now: datetime) -> None:
    """Remove uploads that were attached to nothing for a day, and parts of uploads that broke off."""
    chosen = (
        sa.select(files.c.id)
        .where(files.c.owner.is_(None), files.c.uploaded_at < now - ABANDONED)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    ids = list(conn.scalars(sa.delete(files).where(files.c.id.in_(chosen)).returning(files.c.id)))
    after_commit(lambda: _remove([*ids, *(f"{file_id}.webp" for file_id in ids)]))
    for part in _broken_off(now):
        part.unlink(missing_ok=True)


def _broken_off(now: datetime) -> list[Path]:
    folder = config.current().files_dir / "parts"
    before = (now - ABANDONED).timestamp()
    return [path for path in folder.glob("*") if path.stat().st_mtime < before] if folder.is_dir() else []


def _remove(names: list[str]) -> None:
    """Their rows are gone, so nobody finds them again; what cannot be removed now only takes room."""
    try:
        storage().remove(names)
    except OSError as error:
        log.warning("content of abandoned uploads could not be removed", count=len(names), reason=str(error))
