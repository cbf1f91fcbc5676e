"""Uploading, downloading, thumbnails. What was uploaded never acts in a page: it is sandboxed, and mostly not shown."""

from typing import IO, Any

from flask import Blueprint, current_app, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask.wrappers import Response

from . import file_types, files
from .errors import NotFound, Refused, Unavailable
from .files import StoredFile
from .limits import limiter, off
from .people.current import current_person, person_or_none
from .problems import Problem
from .text import msg

UPLOADS = "120 per minute"

bp = Blueprint("signoff_files", __name__)


def _who() -> str:
    person = person_or_none()
    return f"uploads:{person.key if person is not None else request.remote_addr}"


@bp.post("/files")
@limiter.limit(UPLOADS, key_func=_who, exempt_when=off)
def upload() -> ResponseReturnValue:
    """Keep the file ``file`` of a multipart form; the page holds its id until the form is sent."""
    return file_json(receive()), 201


@bp.get("/files/<file_id>")
def download(file_id: str) -> ResponseReturnValue:
    """The content: pictures may be shown, all else is a download."""
    return content(files.get_for(file_id, current_person()))


@bp.get("/files/<file_id>/thumbnail")
def thumbnail(file_id: str) -> ResponseReturnValue:
    """A small picture of a picture."""
    found = files.get_for(file_id, current_person())
    if not found.has_thumbnail:
        raise NotFound(msg("%(name)s has no thumbnail.", name=repr(found.name)))
    local = files.storage().local(found.thumbnail)
    small = local if local is not None and local.is_file() else _opened(found, found.thumbnail)
    return _guarded(send_file(small, mimetype="image/webp", max_age=86400))


def receive() -> StoredFile:
    """Keep the file ``file`` of the current request for the current person.

    Raises:
        Refused: there is no file in it.
    """
    person = current_person()
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Refused.because(
            [Problem("/file", "required", msg("No file was sent. Send it as multipart/form-data in the part “file”."))]
        )
    return files.store(sent.stream, sent.filename, by=person.key)


def file_json(stored: StoredFile) -> dict[str, Any]:
    """A file as pages and API say it."""
    return {
        "id": stored.id,
        "name": stored.name,
        "media_type": stored.media_type,
        "size_bytes": stored.size_bytes,
        "sha256": stored.sha256,
        "url": url_for("signoff_files.download", file_id=stored.id),
        "thumbnail_url": url_for("signoff_files.thumbnail", file_id=stored.id) if stored.has_thumbnail else None,
    }


def content(stored: StoredFile) -> Response:
    """The answer that carries the content of a file."""
    inline = stored.media_type in file_types.INLINE
    shown = stored.media_type if inline or stored.media_type == "application/pdf" else file_types.OTHER
    answer = send_file(
        _opened(stored, stored.id),
        mimetype=shown,
        as_attachment=not inline,
        download_name=stored.name,
        etag=stored.sha256,
        max_age=0,
    )
    answer.content_length = stored.size_bytes
    answer.make_conditional(request, accept_ranges=True, complete_length=stored.size_bytes)
    return _guarded(answer)


def _opened(stored: StoredFile, name: str) -> IO[bytes]:
    """Content from the storage.

    Raises:
        NotFound: it is gone.
        Unavailable: the storage does not answer.
    """
    try:
        return files.storage().open(name)
    except FileNotFoundError as error:
        current_app.logger.error("content of file %s is missing", stored.id)
        raise NotFound(
            msg("The content of %(name)s is missing. Restore it from a backup.", name=repr(stored.name))
        ) from error
    except OSError as error:
        raise Unavailable(msg("The storage of files does not answer: %(reason)s", reason=str(error))) from error


def _guarded(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    answer.cache_control.private = True
    return answer
