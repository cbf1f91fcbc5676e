"""The HTTP API of what is printed."""

from typing import Any

from ..platform.api import Blueprint
from . import follow_web

blp = Blueprint("api_printing", __name__, description="Requests on paper.")


@blp.get("/records/<int:record_id>/pdf")
@blp.doc(responses={"200": {"description": "The PDF.", "content": {"application/pdf": {}}}})
def pdf(record_id: int) -> Any:
    """A request with its decisions and its history; 503 where weasyprint is not installed."""
    return follow_web.pdf_of(record_id)
