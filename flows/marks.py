"""What a task is marked with when it opens, so that an index finds it in the inbox: VIP (D22), and come back."""

from ..forms.records import Record
from ..platform.value import value
from .program import FlowProgram
from .run import START, Run

VIP = "vip"


@value
class Marks:
    """``returned`` are the steps that the request is at again; the correction of a returned request is one."""

    vip: bool = False
    returned: frozenset[str] = frozenset()


def of(record: Record, program: FlowProgram, run: Run | None) -> Marks:
    """The marks of what opens in ``run``, ``None`` where it begins.

    A request is a VIP's where one of its choices has the value ``vip``, whatever that field is called.
    """
    fields = program.form.form.fields if program.form is not None else ()
    vip = any(field.type == "choice" and record.values.get(field.key) == VIP for field in fields)
    again = () if run is None else (step for step, progress in run.steps.items() if progress.round > 1)
    return Marks(vip, frozenset((START, *again)))
