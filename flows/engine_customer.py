"""Waiting for the customer: somebody asks them something, all clocks of the request stand still until they answer."""

from ..platform.text import msg
from .effects import Notify
from .engine_draft import Draft
from .engine_errors import NotAllowed
from .engine_rights import people_of, standing
from .events import CustomerAnswered, CustomerAsked, CustomerAwaited
from .run import START, Asked, Status, Task

ASKED = "customer_asked"
ANSWERED = "customer_answered"


def ask_customer(draft: Draft, task: Task, event: CustomerAsked) -> None:
    """Whoever a task waits for asks the customer; asked again, it waits for the answer to the new question.

    Raises:
        NotAssigned: it is another's task.
        NotAllowed: nothing is asked, or the request is back to be corrected.
    """
    actor = standing(draft, task, event.actor)
    if task.step == START:
        raise NotAllowed.at("", "not_offered", msg("The request is back to be corrected; its clocks stand still."))
    if not event.question.strip():
        raise NotAllowed.at("/question", "blank", msg("Write what you want to know from the customer."))
    draft.stop_clocks()
    draft.asked = Asked(task.step, draft.world.now, event.question, actor.person)
    name = f"ask.{int(draft.world.now.timestamp())}"
    data = {"comment": event.question, "by": actor.person}
    if event.addresses:
        draft.effects.append(Notify(name, ASKED, addresses=event.addresses, step=task.step, data=data))
    draft.note("customer.asked", actor, step=task.step, task=task.name, comment=event.question)


def go_on_without(draft: Draft, task: Task, event: CustomerAwaited) -> None:
    """The customer answered in another way, or it goes on without an answer.

    Raises:
        NotAssigned: it is another's task.
        NotAllowed: nobody was asked.
    """
    actor = standing(draft, task, event.actor)
    if draft.asked is None:
        raise NotAllowed.at("", "not_waiting", msg("The request does not wait for the customer."))
    draft.note("customer.awaited", actor, step=task.step, comment=event.comment)
    draft.go_on_counting()


def customer_answered(draft: Draft, event: CustomerAnswered) -> None:
    """The customer wrote or added something: whoever asked is told, and the clocks are set anew."""
    if draft.status is not Status.OPEN:
        return
    asked, data = draft.asked, {"comment": event.comment}
    draft.note("customer.answered", event.actor, comment=event.comment, step=asked.step if asked is not None else None)
    for task in draft.open_tasks() if asked is None else draft.tasks_of(asked.step):
        people = people_of(task, draft.world.people)
        if people and not task.held:
            name = f"answer.{task.name}.{int(draft.world.now.timestamp())}"
            draft.effects.append(Notify(name, ANSWERED, people, step=task.step, task=task.name, data=data))
    draft.go_on_counting()
