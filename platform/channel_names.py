"""Reading the setting that names chat channels."""

import re

from .text import msg

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def read_channels(text: str) -> dict[str, str]:
    """The channels of ``dingtalk=dingtalk://… feishu=feishu://…``, by name.

    Raises:
        ValueError: with a sentence, if one cannot be read.
    """
    found: dict[str, str] = {}
    for part in text.split():
        name, equals, address = part.partition("=")
        if not equals or not _NAME.fullmatch(name) or "://" not in address or name == "email":
            raise ValueError(
                msg("%(part)s is no channel. Example: dingtalk=dingtalk://token feishu=feishu://token", part=repr(part))
            )
        found[name] = address
    return found
