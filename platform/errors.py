"""The errors that people and clients see: each has an HTTP status, a stable code and a sentence with the way out."""

from collections.abc import Iterable
from typing import Any, ClassVar

from .problems import Problem
from .text import msg


class SignoffError(Exception):
    """Base of all expected errors. ``details`` are further members of the problem document (RFC 9457)."""

    status: ClassVar[int] = 500
    code: str = "error"

    def __init__(
        self, message: str, *, code: str | None = None, problems: Iterable[Problem] = (), **details: Any
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.problems = tuple(problems)
        self.details = details


class Malformed(SignoffError):
    """What was sent cannot be read at all."""

    status = 400
    code = "malformed"


class NotSignedIn(SignoffError):
    """Nobody is signed in, or the token does not hold."""

    status = 401
    code = "not_signed_in"


class Forbidden(SignoffError):
    """The person lacks a right; the message and ``details["right"]`` say which."""

    status = 403
    code = "forbidden"


class NotFound(SignoffError):
    """It does not exist, or this person may not know of it."""

    status = 404
    code = "not_found"


class Conflict(SignoffError):
    """Somebody was first; ``details`` say who (``by``, ``by_name``) and when (``at``) where that is known."""

    status = 409
    code = "conflict"


class TooLarge(SignoffError):
    """More bytes than allowed."""

    status = 413
    code = "too_large"


class Refused(SignoffError):
    """Understood, and wrong: ``problems`` are all that is wrong with it."""

    status = 422
    code = "refused"

    @classmethod
    def because(cls, problems: Iterable[Problem]) -> "Refused":
        """Refused for ``problems``, with a sentence that counts them."""
        found = tuple(problems)
        if len(found) == 1:
            return cls(found[0].message, problems=found)
        return cls(msg("%(count)s problems were found.", count=len(found)), problems=found)


class TooMany(SignoffError):
    """Asked too often; ``details["retry_after"]`` is in seconds."""

    status = 429
    code = "too_many"


class Unavailable(SignoffError):
    """Something that Signoff stands on does not answer: database, file store, mail server."""

    status = 503
    code = "unavailable"
