"""Text values as tests see them: one example for each way in which equals, starts with and contains can come out."""

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from ...forms.conditions.tree import Op, Test

MAX_PARTS = 5
_SIGNS = "xqzjkwvyb0·•~^|"


def examples(
    tests: Iterable[Test], others: Iterable[str], endings: Sequence[str], allows: Callable[[str], bool]
) -> tuple[list[str], bool]:
    """Texts for all outcomes of ``tests`` together, and whether those are surely all.

    ``others`` stand for texts that no test names, ``endings`` make a text that the field ``allows`` of the beginning
    of one.

    A text that starts with one prefix and goes on with a sign that no test names stands for everything between that
    prefix and the next longer one; parts strung together with such a sign contain each other only where they must.
    """
    equal, prefixes, parts = _constants(tests)
    sign = _unused([*equal, *prefixes, *parts])
    complete = len(parts) <= MAX_PARTS
    picks = [pick for size in range(len(parts[:MAX_PARTS]) + 1) for pick in combinations(parts[:MAX_PARTS], size)]
    found = [*equal, *others]
    for prefix in ["", *prefixes]:
        for pick in picks:
            found.extend(_built(prefix, pick, sign, endings, allows))
    return list(dict.fromkeys(found)), complete


def _built(
    prefix: str, pick: tuple[str, ...], sign: str, endings: Sequence[str], allows: Callable[[str], bool]
) -> list[str]:
    """A text that starts so and holds these parts; if the field allows none, the one that comes nearest."""
    long, short = prefix + sign + sign.join(pick), prefix + sign.join(pick)
    tried = [text + ending for text in (long, short) for ending in endings if text]
    fitting = [text for text in tried if allows(text)]
    return fitting[:1] or (tried[:1] if prefix or pick else [])


def _constants(tests: Iterable[Test]) -> tuple[list[str], list[str], list[str]]:
    equal: list[str] = []
    prefixes: list[str] = []
    parts: list[str] = []
    for test in tests:
        target = {Op.STARTS_WITH: prefixes, Op.CONTAINS: parts}.get(test.op, equal)
        operands = test.operand if isinstance(test.operand, tuple | frozenset | list) else (test.operand,)
        target.extend(operand for operand in operands if isinstance(operand, str) and operand not in target)
    return equal, prefixes, parts


def _unused(texts: list[str]) -> str:
    everything = "".join(texts).casefold()
    return next((sign for sign in _SIGNS if sign not in everything), "\N{SNOWMAN}")
