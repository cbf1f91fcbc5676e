"""``signoff doctor``: can every form in force be read with the plugins that are installed?"""

from ..platform.health import Check
from ..platform.text import msg
from . import catalogue


def check() -> Check:
    """Fails with the reason for each form that pages leave out because this installation cannot read it."""
    wrong = catalogue.unreadable()
    if not wrong:
        return Check("forms", True, msg("All forms in force can be read."))
    why = " ".join(f"{key}: {each}" for key, each in sorted(wrong.items()))
    message = msg(
        "Not every form in force can be read. Install the plugin that it needs, or roll it back. %(why)s", why=why
    )
    return Check("forms", False, message)
