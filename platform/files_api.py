"""Files over the API: upload one, and use its id in the values of a record."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from . import files, files_web
from .api import Blueprint
from .people.current import current_person

blp = Blueprint("api_files", __name__, description="Files that records hold.")


class FileSchema(Schema):
    """A file; ``media_type`` is that of its content, whatever its name says."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    media_type = fields.String(required=True)
    size_bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    url = fields.String(required=True)
    thumbnail_url = fields.String(allow_none=True, required=True)


@blp.post("/files")
@blp.response(201, FileSchema)
@blp.doc(
    requestBody={
        "content": {
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}}
            }
        }
    }
)
def upload() -> dict[str, Any]:
    """Keep the part ``file``; it is yours alone until a record holds it, and removed after a day if none does."""
    return files_web.file_json(files_web.receive())


@blp.get("/files/<file_id>")
@blp.doc(responses={"200": {"description": "The content.", "content": {"application/octet-stream": {}}}})
def download(file_id: str) -> ResponseReturnValue:
    """The content of a file of yours, or of a record that you may see."""
    return files_web.content(files.get_for(file_id, current_person()))
