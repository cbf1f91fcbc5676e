"""The tree of a formula, and its JSON: what is stored, and what the browser evaluates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ...platform.text import Message, msg

MAX_NODES = 1000
MAX_DEPTH = 64


class FormulaError(ValueError):
    """What is wrong with a formula; ``position`` counts characters from 1, 0 where there is none."""

    def __init__(self, position: int, message: Message) -> None:
        super().__init__(message)
        self.position = position
        self.message = message


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    value: Decimal | str | bool
    at: int = 0

    def __eq__(self, other: object) -> bool:
        """To Python ``TRUE`` equals 1; here they are two things, also where trees are remembered."""
        return isinstance(other, Literal) and type(other.value) is type(self.value) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True, slots=True)
class Name:
    """A field (``amount``), a column of a table (``lines.total``: all its values) or a fact (``submitter.level``)."""

    key: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function or an operator: ``SUM``, ``+``, ``neg`` (unary minus), ``percent`` (``5%``), ``mod`` (``10 % 3``).

    Where sorts are known, days are added with ``later`` and ``earlier``, and ``between`` counts them.
    """

    name: str
    arguments: tuple["Tree", ...]
    at: int = field(default=0, compare=False)


Tree = Literal | Name | Call


def walk(tree: Tree) -> Iterator[tuple[Tree, int]]:
    """Every node with its depth, without recursion."""
    waiting: list[tuple[Tree, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        if isinstance(node, Call):
            waiting += [(argument, depth + 1) for argument in node.arguments]


def check_size(tree: Tree) -> Tree:
    """The same tree.

    Raises:
        FormulaError: too many parts, or nested too deep.
    """
    for count, (node, depth) in enumerate(walk(tree), 1):
        if depth > MAX_DEPTH:
            raise FormulaError(node.at, msg("The formula nests deeper than %(max)s levels.", max=MAX_DEPTH))
        if count > MAX_NODES:
            raise FormulaError(node.at, msg("The formula has more than %(max)s parts. Split it.", max=MAX_NODES))
    return tree


def fields_of(tree: Tree) -> frozenset[str]:
    """Fields, columns and facts that the formula reads."""
    return frozenset(node.key for node, _ in walk(tree) if isinstance(node, Name))


def functions_of(tree: Tree) -> frozenset[str]:
    """Functions and operators in the formula."""
    return frozenset(node.name for node, _ in walk(tree) if isinstance(node, Call))


def to_json(tree: Tree) -> dict[str, Any]:
    """``{"call": "*", "args": [{"field": "quantity"}, {"number": "0.9"}]}``."""
    match tree:
        case Literal(bool() as truth):
            return {"boolean": truth}
        case Literal(str() as text):
            return {"text": text}
        case Literal(number):
            return {"number": format(number, "f")}
        case Name(key):
            return {"field": key}
        case Call(name, arguments):
            return {"call": name, "args": [to_json(argument) for argument in arguments]}


def from_json(document: Mapping[str, Any]) -> Tree:
    """The tree of what :func:`to_json` gave."""
    if "call" in document:
        return Call(document["call"], tuple(from_json(argument) for argument in document["args"]))
    if "field" in document:
        return Name(document["field"])
    if "number" in document:
        return Literal(Decimal(document["number"]))
    return Literal(document["text"] if "text" in document else bool(document["boolean"]))
