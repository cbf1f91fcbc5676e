"""The blueprint of all pages about people; the modules of pages put their routes on it."""

from flask import Blueprint

bp = Blueprint("signoff_people", __name__)
