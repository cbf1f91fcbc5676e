"""Patterns that admins write: a subset of regular expressions, matched in time linear in the value.

Python's ``re`` tries alternatives one after the other, so that ``(a+)+b`` on thirty letters takes minutes. Here all
alternatives go forward together (Thompson's construction), and the sets of places that were met are remembered.
``\\d`` and ``\\w`` mean ASCII, as in browsers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from ..platform.text import Message, msg

MAX_LENGTH = 300
MAX_PLACES = 1500
_MAX_REMEMBERED = 5000
_SPECIAL = frozenset("\\^$.|?*+()[]{}")
_CLASSES = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    "s": (("\t", "\r"), (" ", " "), ("\u00a0",) * 2, ("\u2000", "\u200a"), ("\u2028", "\u2029"), ("\u3000",) * 2),
}  # fmt: skip
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r"}

Ranges = tuple[tuple[str, str], ...]


class PatternError(ValueError):
    """The pattern cannot be read; ``message`` says where and what to write."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Characters:
    """One character in (or, negated, outside of) some ranges."""

    ranges: Ranges
    negated: bool = False

    def accepts(self, character: str) -> bool:
        for low, high in self.ranges:
            if low <= character <= high:
                return not self.negated
        return self.negated


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    part: "Node"
    least: int
    most: int | None


Node = Characters | Sequence | Either | Repeat


@dataclass(slots=True)
class _Places:
    """A set of places in the pattern at which a value may stand, and where each character leads from there."""

    members: frozenset[int]
    accepting: bool
    onward: dict[str, "_Places"] = field(default_factory=dict)


class Pattern:
    """A compiled pattern; :meth:`matches` asks of the whole value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._characters: list[Characters | None] = []
        self._onward: list[tuple[int, ...]] = []  # without a character: a fork
        final = self._place(None, ())
        self._final = final
        start = self._build(_Parser(text).parse(), final)
        self._known: dict[frozenset[int], _Places] = {}
        self._start = self._places((start,))

    def matches(self, value: str) -> bool:
        """Whether the whole of ``value`` fits."""
        places = self._start
        for character in value:
            onward = places.onward.get(character)
            if onward is None:
                onward = self._step(places, character)
            if not onward.members:
                return False
            places = onward
        return places.accepting

    def _place(self, characters: Characters | None, onward: tuple[int, ...]) -> int:
        if len(self._onward) >= MAX_PLACES:
            raise PatternError(msg("The pattern repeats too much. Write it shorter, or use max_length."))
        self._characters.append(characters)
        self._onward.append(onward)
        return len(self._onward) - 1

    def _build(self, node: Node, onward: int) -> int:
        """The place at which ``node`` begins, when what follows it begins at ``onward``."""
        match node:
            case Characters():
                return self._place(node, (onward,))
            case Sequence(parts):
                for part in reversed(parts):
                    onward = self._build(part, onward)
                return onward
            case Either(parts):
                return self._place(None, tuple(self._build(part, onward) for part in parts))
            case Repeat():
                return self._repeat(node, onward)

    def _repeat(self, node: Repeat, onward: int) -> int:
        if node.most is None:
            fork = self._place(None, ())
            self._onward[fork] = (self._build(node.part, fork), onward)
            entry = fork
        else:
            entry = onward
            for _ in range(node.most - node.least):
                entry = self._place(None, (self._build(node.part, entry), onward))
        for _ in range(node.least):
            entry = self._build(node.part, entry)
        return entry

    def _places(self, starts: Iterable[int]) -> _Places:
        found: set[int] = set()
        seen: set[int] = set()
        waiting = list(starts)
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            if self._characters[place] is None and place != self._final:
                waiting += self._onward[place]
            else:
                found.add(place)
        members = frozenset(found)
        if members not in self._known:
            if len(self._known) > _MAX_REMEMBERED:
                self._known = {}
            self._known[members] = _Places(members, self._final in members)
        return self._known[members]

    def _step(self, places: _Places, character: str) -> _Places:
        after = [
            self._onward[place][0]
            for place in places.members
            if (characters := self._characters[place]) is not None and characters.accepts(character)
        ]
        onward = self._places(after)
        if len(places.onward) < _MAX_REMEMBERED:
            places.onward[character] = onward
        return onward


@lru_cache(maxsize=512)
def compile_pattern(text: str) -> Pattern:
    """The pattern of ``text``; ``^`` at its beginning and ``$`` at its end change nothing.

    Raises:
        PatternError: it cannot be read, is too long, or uses what is not known here (look-around, back references).
    """
    if len(text) > MAX_LENGTH:
        raise PatternError(msg("The pattern is longer than %(max)s characters.", max=MAX_LENGTH))
    return Pattern(text)


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def parse(self) -> Node:
        if self._peek() == "^":
            self.at += 1
        node = self._either()
        if self._peek() == ")":
            raise self._error(msg("a “)” without its “(”"))
        return node

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _error(self, what: Message) -> PatternError:
        return PatternError(
            msg("“%(text)s” is no pattern: %(what)s at %(at)s.", text=self.text[:60], what=what, at=self.at + 1)
        )

    def _either(self) -> Node:
        parts = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            parts.append(self._sequence())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while (character := self._peek()) and character not in "|)":
            if character == "$" and self.at == len(self.text) - 1:
                self.at += 1
                break
            parts.append(self._repeated(self._atom()))
        return Sequence(tuple(parts))

    def _repeated(self, node: Node) -> Node:
        sign = self._peek()
        if sign and sign in "*+?":
            self.at += 1
            node = Repeat(node, int(sign == "+"), 1 if sign == "?" else None)
        elif sign == "{":
            node = Repeat(node, *self._counts())
        else:
            return node
        if self._peek() == "?":  # lazy: the same values match as a whole
            self.at += 1
        if self._peek() and self._peek() in "*+?{":
            raise self._error(msg("two repetitions, one after the other,"))
        return node

    def _counts(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.at)
        least, comma, most = self.text[self.at + 1 : end].partition(",")
        if end < 0 or not _digits(least) or not (most == "" or _digits(most)):
            raise self._error(msg("a “{” that is no count such as {2} or {2,5}; write \\{ for the character,"))
        self.at = end + 1
        counts = int(least), (int(most) if most else None) if comma else int(least)
        if max(counts[0], counts[1] or 0) > MAX_PLACES or (counts[1] is not None and counts[1] < counts[0]):
            raise self._error(msg("a count that cannot be met"))
        return counts

    def _atom(self) -> Node:
        character = self._peek()
        self.at += 1
        if character == "(":
            return self._group()
        if character == "[":
            return self._set()
        if character == ".":
            return Characters((("\n", "\n"),), negated=True)
        if character == "\\":
            return self._escape()
        if character in _SPECIAL and character not in "]}":
            self.at -= 1
            raise self._error(msg("“%(sign)s” in an odd place; write \\%(sign)s for the character,", sign=character))
        return Characters(((character, character),))

    def _group(self) -> Node:
        if self.text.startswith("?:", self.at):
            self.at += 2
        elif self._peek() == "?":
            raise self._error(msg("a “(?…)”, which is not known here,"))
        self.depth += 1
        if self.depth > 20:
            raise self._error(msg("more than 20 groups in each other"))
        node = self._either()
        if self._peek() != ")":
            raise self._error(msg("a “(” without its “)”"))
        self.at += 1
        self.depth -= 1
        return node

    def _escape(self) -> Characters:
        name = self._peek()
        if name and name.lower() in _CLASSES and name.isascii():
            self.at += 1
            return Characters(_CLASSES[name.lower()], negated=name.isupper())
        character = self._escaped()
        return Characters(((character, character),))

    def _escaped(self) -> str:
        name = self._peek()
        self.at += 1
        if name in _CONTROLS and name:
            return _CONTROLS[name]
        if name and (name in "xu"):
            digits = self.text[self.at : self.at + (2 if name == "x" else 4)]
            self.at += len(digits)
            try:
                return chr(int(digits, 16))
            except ValueError:
                pass
        if not name or name.isalnum():
            self.at -= 1
            raise self._error(msg("a “\\%(name)s”, which is not known here,", name=name))
        return name

    def _set(self) -> Characters:
        negated = self._peek() == "^"
        self.at += negated
        ranges: list[tuple[str, str]] = []
        while self._peek() != "]":
            if not self._peek():
                raise self._error(msg("a “[” without its “]”"))
            ranges += self._range()
        self.at += 1
        if not ranges:
            raise self._error(msg("an empty “[]”"))
        return Characters(tuple(ranges), negated)

    def _range(self) -> Ranges:
        low = self._member()
        if not isinstance(low, str):
            return low
        if self._peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return ((low, low),)
        self.at += 1
        high = self._member()
        if not isinstance(high, str) or high < low:
            raise self._error(msg("a range that runs backwards"))
        return ((low, high),)

    def _member(self) -> str | Ranges:
        character = self._peek()
        self.at += 1
        if character != "\\":
            return character
        name = self._peek()
        if name and name in _CLASSES:
            self.at += 1
            return _CLASSES[name]
        return self._escaped()


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5
