"""The one blueprint of the pages of forms and records."""

from flask import Blueprint

bp = Blueprint("signoff_forms", __name__)
