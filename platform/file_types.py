"""What a file really is, by its content, and whether that is what its name says."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

import puremagic
from PIL import Image, UnidentifiedImageError

from .problems import Problem
from .text import msg

HEAD_BYTES = 64 * 1024
MOST_PIXELS = 50_000_000
"""Larger pictures are refused: unpacked they would fill the memory (a decompression bomb)."""

OTHER = "application/octet-stream"
INLINE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What may be shown inside a page; anything else is only downloaded, html and svg above all."""

_PICTURES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
}
_OOXML = "application/vnd.openxmlformats-officedocument."
_NAMES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "jfif": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "heic": "image/heic",
    "heif": "image/heic",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "log": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "json": "application/json",
    "xml": "application/xml",
    "htm": "text/html",
    "html": "text/html",
    "eml": "message/rfc822",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
    "docx": _OOXML + "wordprocessingml.document",
    "xlsx": _OOXML + "spreadsheetml.sheet",
    "pptx": _OOXML + "presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "zip": "application/zip",
    "gz": "application/gzip",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "m4a": "audio/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
}
_TEXTS = ("txt", "log", "md", "csv", "json", "xml", "htm", "html", "svg", "eml")
_OLE = ("doc", "xls", "ppt", "msg")
_BOXES = ("mp4", "m4v", "mov", "m4a", "heic", "heif")
_IN_ZIP = {"word/": "docx", "xl/": "xlsx", "ppt/": "pptx"}
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa")


@dataclass(frozen=True, slots=True)
class Detected:
    """``media_type`` is of the content; ``problem`` says what is wrong with the file, if anything is."""

    media_type: str
    problem: Problem | None = None


def detect(path: Path, name: str) -> Detected:
    """What the file at ``path`` is; a problem if it is empty, damaged, a program, or not what its ``name`` ends in."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not head:
        return Detected(OTHER, _problem("empty_file", msg("%(name)s is empty. Choose another file.", name=repr(name))))
    if head.startswith(_PROGRAMS):
        return Detected(
            OTHER, _problem("program", msg("%(name)s is a program. Programs are not accepted.", name=repr(name)))
        )
    ending = PurePath(name).suffix.lower().lstrip(".")
    picture = _picture(path, name)
    found = picture or _in_zip(path, head) or _known(head, ending) or _text(head, ending) or Detected(OTHER)
    claimed = _NAMES.get(ending)
    if found.problem is None and claimed is not None and found.media_type != claimed:
        return Detected(found.media_type, _mismatch(name, claimed, found.media_type))
    return found


def accepted(media_type: str, accept: Iterable[str]) -> bool:
    """Whether one of the patterns (``image/*``, ``application/pdf``) allows the type; no pattern allows every type."""
    patterns = tuple(accept)
    return not patterns or any(fnmatchcase(media_type, pattern) for pattern in patterns)


def _problem(code: str, message: str) -> Problem:
    return Problem("/file", code, message)


def _mismatch(name: str, claimed: str, found: str) -> Problem:
    text = msg(
        "%(name)s says it is %(claimed)s, but its content is %(found)s. Save it in that format or rename it.",
        name=repr(name),
        claimed=claimed,
        found=found,
    )
    return _problem("type_mismatch", text)


def _picture(path: Path, name: str) -> Detected | None:
    """A picture that can be read and is not too large; ``None`` if it is none at all."""
    try:
        with Image.open(path, formats=tuple(_PICTURES)) as picture:
            width, height = picture.size
            found = _PICTURES[str(picture.format)]
            if width * height > MOST_PIXELS:
                return Detected(found, _too_large(name, width, height))
            picture.verify()
    except Image.DecompressionBombError:
        return Detected(OTHER, _too_large(name, 0, 0))
    except UnidentifiedImageError:
        return None
    except (OSError, SyntaxError, ValueError, EOFError):
        text = msg("%(name)s is a damaged picture. Save it again and upload that.", name=repr(name))
        return Detected(OTHER, _problem("damaged", text))
    return Detected(found)


def _too_large(name: str, width: int, height: int) -> Problem:
    text = msg(
        "%(name)s has %(width)s × %(height)s pixels; at most %(max)s million are read. Make it smaller.",
        name=repr(name),
        width=width or "?",
        height=height or "?",
        max=MOST_PIXELS // 1_000_000,
    )
    return _problem("too_many_pixels", text)


def _in_zip(path: Path, head: bytes) -> Detected | None:
    """An archive, or an office document, which is one; only the list of names is read."""
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return Detected(OTHER, _problem("damaged", msg("The archive is damaged. Make it again and upload that.")))
    if "[Content_Types].xml" in names:
        for folder, ending in _IN_ZIP.items():
            if any(name.startswith(folder) for name in names):
                return Detected(_NAMES[ending])
    for ending in ("odt", "ods"):
        if head[30:].startswith(b"mimetype" + _NAMES[ending].encode()):
            return Detected(_NAMES[ending])
    return Detected("application/zip")


def _known(head: bytes, ending: str) -> Detected | None:
    """A format with a signature that cannot be the beginning of a text."""
    try:
        matches = puremagic.magic_stream(io.BytesIO(head))
    except (puremagic.PureError, ValueError):
        return None
    endings = [match.extension.lstrip(".").lower() for match in matches]
    if not endings or (matches[0].confidence < 0.4 and _decoded(head) is not None) or endings[0] in _TEXTS:
        return None
    for family in (_OLE, _BOXES):
        if ending in family and any(each in family for each in endings):
            return Detected(_NAMES[ending])
    if ending in endings and ending in _NAMES:
        return Detected(_NAMES[ending])
    found = next((_NAMES[each] for each in endings if each in _NAMES), matches[0].mime_type)
    return Detected(found or OTHER)


def _text(head: bytes, ending: str) -> Detected | None:
    """A text, of the kind its name says; ``None`` if the bytes are none."""
    text = _decoded(head)
    if text is None:
        return None
    start = text.lstrip("\ufeff \t\r\n").lower()
    if ending in _TEXTS:
        return Detected(_NAMES[ending])
    if start.startswith("<!doctype html") or "<html" in start[:1024] or "<script" in start[:1024]:
        return Detected("text/html")
    return Detected("image/svg+xml" if "<svg" in start[:1024] else "text/plain")


def _decoded(head: bytes) -> str | None:
    """The text that the bytes are, in UTF-8, UTF-16 with a mark, or GB 18030 as Chinese spreadsheets save it."""
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    for each in (encoding, "gb18030"):
        for cut in range(4):  # the head may end inside a character
            try:
                text = head[: len(head) - cut].decode(each)
            except UnicodeDecodeError:
                continue
            return None if any(ord(sign) < 32 and sign not in "\t\r\n\f\x1b" for sign in text) else text
    return None
