"""The blueprint of this floor's pages; modules of pages put their routes on it."""

from flask import Blueprint

bp = Blueprint("signoff_flows", __name__)
