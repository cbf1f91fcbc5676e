"""Signing in: a name and a password against what is kept, telling nothing about which of them was wrong."""

import sqlalchemy as sa
import structlog

from .. import config, db
from . import passwords, service
from .directory import Person
from .models import persons

DEMO_PASSWORD = "signoff-demo"  # noqa: S105 — known to everybody, and shown on the demo's sign-in page
log = structlog.get_logger(__name__)

_BY_KEY = sa.select(persons.c.key, persons.c.password_hash).where(persons.c.key == sa.bindparam("name"))
_BY_EMAIL = sa.select(persons.c.key, persons.c.password_hash).where(persons.c.email == sa.bindparam("name")).limit(2)


def authenticate(name: str, password: str) -> Person | None:
    """The active person with this key or e-mail address and this password, ``None`` if there is none.

    It takes about as long whether the person exists or not.
    """
    key, hashed = _find(name.strip())
    fits = passwords.matches(hashed, password)
    person = service.directory().active(key) if fits else None
    if person is None:
        log.info("sign_in_refused")
        return None
    if hashed is not None and passwords.is_dated(hashed):
        _keep_anew(person.key, password)
    return person


def _find(name: str) -> tuple[str | None, str | None]:
    """Key and hash; an address that several people share signs nobody in."""
    query, wanted = (_BY_EMAIL, name) if "@" in name else (_BY_KEY, name.lower())
    with db.reading() as conn:
        rows = conn.execute(query, {"name": wanted[:254]}).all()
    return (rows[0].key, rows[0].password_hash) if len(rows) == 1 else (None, None)


def _keep_anew(key: str, password: str) -> None:
    hashed = passwords.hash_of(password)
    with db.transaction() as conn:
        conn.execute(persons.update().where(persons.c.key == key).values(password_hash=hashed))


def shown_in_demo() -> list[Person]:
    """Who can sign in with :data:`DEMO_PASSWORD`; nobody outside of the demo."""
    if not config.current().demo:
        return []
    query = sa.select(persons.c.key).where(persons.c.password_hash.is_not(None), persons.c.active)
    with db.reading() as conn:
        known = set(conn.execute(query.limit(50)).scalars())
    return [each for each in service.directory().persons.values() if each.key in known]


def has_password(key: str) -> bool:
    """Whether the person can sign in with a password."""
    query = sa.select(persons.c.password_hash.is_not(None)).where(persons.c.key == key)
    with db.reading() as conn:
        return bool(conn.execute(query).scalar())
