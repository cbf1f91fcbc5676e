"""Keys: the short names that admins give to what they define, stable for ever."""

import re

KEY = re.compile(r"[a-z][a-z0-9_]{0,62}")
