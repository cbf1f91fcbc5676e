"""The blueprint of all pages about people; the modules of pages put their routes on it."""

from flask import Blueprint, abort

from .current import signs_in_here

bp = Blueprint("signoff_people", __name__)


def only_where_we_sign_in() -> None:
    """Passwords and sessions are none of our business where a host application signs people in: 404."""
    if not signs_in_here():
        abort(404)
