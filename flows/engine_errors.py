"""What the engine refuses, each with who, what and the way out."""

from typing import Any

from ..platform.acting import ActingAs
from ..platform.errors import Conflict, Forbidden, Refused
from ..platform.people.directory import Directory
from ..platform.problems import Problem
from ..platform.text import msg
from .run import Closed, Run


class TaskClosed(Conflict):
    """Somebody, or something, was first: ``by``, ``by_name``, ``at``, ``verdict``."""

    code = "task_closed"

    @classmethod
    def by(cls, closed: Closed, people: Directory) -> "TaskClosed":
        """Who closed it, and how."""
        person = people.person(closed.by)
        name = person.name if person else closed.by
        details: dict[str, Any] = {
            "by": closed.by,
            "by_name": name,
            "at": closed.at.isoformat().replace("+00:00", "Z"),
            "verdict": closed.verdict,
            "task": closed.name,
        }
        if name is not None:
            return cls(
                msg("%(name)s was first: the task is closed (%(verdict)s).", name=name, verdict=closed.verdict),
                **details,
            )
        if closed.acting_as is ActingAs.TIMER:
            return cls(
                msg("The deadline passed first: the task is closed (%(verdict)s).", verdict=closed.verdict), **details
            )
        return cls(msg("The task is closed already (%(verdict)s).", verdict=closed.verdict), **details)


class RunFinished(Conflict):
    """Nothing can be done on a request that is over."""

    code = "run_finished"

    @classmethod
    def now(cls, run: Run) -> "RunFinished":
        """With how it ended."""
        return cls(
            msg("The request is over already (%(status)s). Reload the page.", status=run.status.value),
            status_now=run.status.value,
        )


class NotAssigned(Forbidden):
    """The task is another's."""

    code = "not_assigned"


class NotAllowed(Refused):
    """The task is theirs, but not this: not offered, without a reason, to nowhere."""

    @classmethod
    def at(cls, path: str, code: str, message: str) -> "NotAllowed":
        """Refused for the part of the request that ``path`` points to."""
        return cls(message, code=code, problems=(Problem(path, code, message),))
