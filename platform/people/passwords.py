"""Passwords: hashed with argon2id, checked in about the same time whether the person exists or not."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..errors import Refused
from ..problems import Problem
from ..text import msg
from .directory import Person

SHORTEST = 8
LONGEST = 200

_hasher = PasswordHasher()


def hash_of(password: str) -> str:
    return _hasher.hash(password)


@cache
def _nobodys() -> str:
    """A hash to check against where there is nobody, so that the time tells nothing."""
    return _hasher.hash("nobody has this password")


def matches(hashed: str | None, password: str) -> bool:
    """Whether ``password`` belongs to ``hashed``; ``None`` takes as long, and never matches."""
    try:
        _hasher.verify(hashed or _nobodys(), password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None


def is_dated(hashed: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


def check_choice(password: str, owner: Person) -> None:
    """Accept a new password.

    Length is what counts (NIST SP 800-63B): no rules about digits and signs.

    Raises:
        Refused: shorter or longer than allowed, or the person's own name.
    """
    problem = _wrong_with(password, owner)
    if problem is not None:
        raise Refused.because([problem])


def _wrong_with(password: str, owner: Person) -> Problem | None:
    if len(password) < SHORTEST:
        message = msg("The password has %(count)s characters; at least %(min)s.", count=len(password), min=SHORTEST)
        return Problem("/password", "too_short", message)
    if len(password) > LONGEST:
        message = msg("The password has %(count)s characters; at most %(max)s.", count=len(password), max=LONGEST)
        return Problem("/password", "too_long", message)
    names = {each.casefold() for each in (owner.key, owner.name, owner.email) if each}
    if password.casefold() in names:
        return Problem("/password", "guessable", msg("The password is your name. Choose another."))
    return None
