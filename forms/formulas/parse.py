"""From the text of a formula to its tree, with errors that say where."""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from ...platform.text import Message, msg
from .tree import Call, FormulaError, Literal, Name, Tree, check_size

MAX_LENGTH = 4000
MAX_DIGITS = 28

_SAME = {"≤": "<=", "≥": ">=", "≠": "<>", "×": "*", "÷": "/", "％": "%"}
_OPERANDS = frozenset(("NUMBER", "TEXT", "NAME", "FUNCTION", "TRUTH"))
_ARITHMETIC = frozenset("+-*/×÷")


@lru_cache(maxsize=2048)
def parse(text: str) -> Tree:
    """The tree of ``text``.

    Raises:
        FormulaError: it is no formula; the message says what was expected where.
    """
    if len(text) > MAX_LENGTH:
        raise FormulaError(MAX_LENGTH, msg("The formula is longer than %(max)s characters.", max=MAX_LENGTH))
    if not text.strip():
        raise FormulaError(1, msg("The formula is empty."))
    try:
        tree: Tree = _parser().parse(_without_equals(text))  # type: ignore[assignment]
    except VisitError as error:
        if isinstance(error.orig_exc, FormulaError):
            raise error.orig_exc from error
        raise
    except UnexpectedInput as error:
        raise _explained(error, text) from error
    return check_size(tree)


@v_args(inline=True)
class _Trees(Transformer[Token, Tree]):
    """Makes our nodes while the parser runs."""

    def start(self, tree: Tree) -> Tree:
        return tree

    def number(self, token: Token) -> Tree:
        if len(token) > MAX_DIGITS:
            raise FormulaError(_at(token), msg("A number has at most %(max)s digits.", max=MAX_DIGITS))
        return Literal(Decimal(str(token)), _at(token))

    def text(self, token: Token) -> Tree:
        inner = str(token)[1:-1]
        return Literal(inner.replace('""', '"') if token[0] == '"' else inner, _at(token))

    def truth(self, token: Token) -> Tree:
        return Literal(token.upper() == "TRUE", _at(token))

    def name(self, token: Token) -> Tree:
        return Name(str(token), _at(token))

    def binary(self, left: Tree, sign: Token, right: Tree) -> Tree:
        name = "mod" if sign.type == "MODULO" else _SAME.get(str(sign), str(sign))
        return Call(name, (left, right), _at(sign))

    def negative(self, sign: Token, operand: Tree) -> Tree:
        return Call("neg", (operand,), _at(sign))

    def positive(self, sign: Token, operand: Tree) -> Tree:
        return Call("pos", (operand,), _at(sign))

    def percent(self, operand: Tree, sign: Token) -> Tree:
        return Call("percent", (operand,), _at(sign))

    def arguments(self, *trees: Tree) -> Any:
        return trees

    def call(self, name: Token, arguments: tuple[Tree, ...] | None) -> Tree:
        return Call(name.upper(), arguments or (), _at(name))


def _without_equals(text: str) -> str:
    """Spreadsheets begin a formula with ``=``; a space in its place keeps the positions."""
    stripped = text.lstrip()
    return text if not stripped.startswith("=") else text.replace("=", " ", 1)


def _at(token: Token) -> int:
    return (token.start_pos or 0) + 1


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", lexer="basic", transformer=_Trees(), maybe_placeholders=True)


def _explained(error: UnexpectedInput, text: str) -> FormulaError:
    if isinstance(error, UnexpectedCharacters):
        place = error.pos_in_stream or 0
        sign, at = text[place], place + 1
        if sign in '"“':
            return FormulaError(at, msg("The text that begins at %(at)s does not end. Close its quotes.", at=at))
        return FormulaError(at, msg("“%(sign)s” at %(at)s means nothing in a formula.", sign=sign, at=at))
    if not isinstance(error, UnexpectedToken):
        return FormulaError(1, msg("This is no formula."))
    if error.token.type == "$END":
        at = len(text) + 1
        expected = _expected(error.accepts or error.expected, text)
        ends = msg("The formula ends too early: expected %(expected)s at %(at)s.", expected=expected, at=at)
        return FormulaError(at, ends)
    at, found = _at(error.token), str(error.token)[:40]
    expected = _expected(error.accepts or error.expected, text[: at - 1])
    return FormulaError(
        at, msg("Expected %(expected)s before “%(found)s” at %(at)s.", expected=expected, found=found, at=at)
    )


def _expected(names: Iterable[str], before: str) -> Message:
    known = set(names)
    if known & _OPERANDS:
        return msg("a number") if before.rstrip()[-1:] in _ARITHMETIC else msg("a value")
    if "_CLOSE" in known:
        return msg("an operator, a comma or “)”") if "_COMMA" in known else msg("an operator or “)”")
    return msg("an operator or the end")
