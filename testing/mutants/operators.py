"""The ways in which a source can be broken in one place. Pure: text in, mutants out.

Not broken: annotations, docstrings, decorators, log lines and messages for people, as no rule depends on them; fields'
defaults and numbers that have a name at the top of a file, as tests ask for them by that name.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from textwrap import shorten

COMPARISONS = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
ARITHMETIC = {ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*")}
SWAPPED_NAMES = {"min": "max", "max": "min", "all": "any", "any": "all"}
QUERIES = {"filter", "exclude", "get", "update"}
UNBROKEN_CALLS = {"logger", "_", "gettext", "Log"}
UNBROKEN_FIELDS = {"annotation", "returns", "decorator_list", "pattern"}
SQL_CONDITION = re.compile(r"[\w.]+ (?:=|>=?|<=?) (?:%s|'\w+')|[\w.]+ IN \([^()]*\)")
SMALL = 10
"""A whole number up to this is changed by one, a larger one doubled."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the bytes from `start` to `end` of the file become `text`. `nth`: of equal ones in a function."""

    file: str
    function: str
    line: int
    original: str
    change: str
    start: int
    end: int
    text: str
    nth: int = 0

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What stays the same when lines above it move."""
        return self.file, self.function, self.original, self.change, self.nth

    def applied(self, source: str) -> str:
        """The source of the file with this change."""
        encoded = source.encode()
        return (encoded[: self.start] + self.text.encode() + encoded[self.end :]).decode()


def mutants_of(source: str, file: str) -> list[Mutant]:
    """Every mutant of a file that compiles, in the order of their places."""
    found = sorted(_Finder(source, file).run(), key=lambda mutant: (mutant.start, mutant.end, mutant.text))
    seen: Counter[tuple[str, str, str, str, int]] = Counter()
    numbered = []
    for mutant in found:
        if _compiles(mutant.applied(source)):
            numbered.append(replace(mutant, nth=seen[mutant.key]))
            seen[mutant.key] += 1
    return numbered


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


class _Finder:
    def __init__(self, source: str, file: str) -> None:
        self._bytes = source.encode()
        self._lines = source.splitlines()
        self._file = file
        self._tree = ast.parse(source)
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def run(self) -> Iterator[Mutant]:
        for statement in self._tree.body:
            yield from self._definition(statement, "")

    def _definition(self, node: ast.stmt, path: str) -> Iterator[Mutant]:
        """Functions and methods; of everything else at the top of a file or class, SQL and sets."""
        match node:
            case ast.ClassDef():
                for inner in node.body:
                    yield from self._definition(inner, f"{path}{node.name}.")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for inner in node.body:
                    yield from self._walk(inner, path + node.name)
            case ast.Assign() if not path:
                for part in ast.walk(node.value):
                    if isinstance(part, ast.Constant | ast.Set | ast.Tuple):
                        yield from self._texts_and_sets(part, "")

    def _walk(self, node: ast.AST, function: str) -> Iterator[Mutant]:
        if _is_for_people(node):
            return
        yield from self._broken(node, function)
        for name, value in ast.iter_fields(node):
            if name in UNBROKEN_FIELDS or (name == "slice" and isinstance(value, ast.Constant)):
                continue
            for inner in value if isinstance(value, list) else [value]:
                if isinstance(inner, ast.AST):
                    yield from self._walk(inner, function)

    def _broken(self, node: ast.AST, function: str) -> Iterator[Mutant]:
        match node:
            case ast.Compare():
                yield from self._operators(node.left, zip(node.ops, node.comparators, strict=True), function)
            case ast.BinOp(left, op, right) if type(op) in ARITHMETIC:
                yield self._between(left, right, *ARITHMETIC[type(op)], function)
            case ast.BoolOp(op, values):
                words = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
                for one, other in pairwise(values):
                    yield self._between(one, other, *words, function)
            case ast.UnaryOp(ast.Not(), operand):
                yield self._replaced(node, self._text(operand), function)
            case ast.match_case(_, ast.expr() as guard):
                yield self._replaced(guard, "True", function)
        yield from self._texts_and_sets(node, function)
        yield from self._call(node, function)
        yield from self._statement(node, function)

    def _call(self, node: ast.AST, function: str) -> Iterator[Mutant]:
        match node:
            case ast.Name(name) if name in SWAPPED_NAMES:
                yield self._replaced(node, SWAPPED_NAMES[name], function)
            case ast.Call(ast.Attribute(attr=verb), keywords=keywords) if verb in QUERIES:
                for keyword in keywords:
                    if keyword.arg:
                        yield self._without(keyword, function)

    def _statement(self, node: ast.AST, function: str) -> Iterator[Mutant]:
        match node:
            case ast.Expr(ast.Call() | ast.Await()) | ast.AugAssign() | ast.Raise() | ast.Return(None):
                yield self._replaced(node, "pass", function)
            case ast.Continue() | ast.Break():
                yield self._replaced(node, "pass", function)
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript() | ast.Tuple()]):
                if not any(isinstance(target, ast.Name) for target in ast.walk(node.targets[0]) if _is_new(target)):
                    yield self._replaced(node, "pass", function)
            case ast.Return(ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
                yield self._replaced(value, "None", function)
            case ast.If(test) | ast.IfExp(test) | ast.While(test):
                if isinstance(test, ast.Name | ast.Attribute | ast.Call | ast.NamedExpr | ast.Subscript):
                    yield self._replaced(test, f"not ({self._text(test)})", function)

    def _operators(
        self, left: ast.expr, pairs: Iterator[tuple[ast.cmpop, ast.expr]], function: str
    ) -> Iterator[Mutant]:
        for operator, right in pairs:
            yield self._between(left, right, *COMPARISONS[type(operator)], function)
            left = right

    def _texts_and_sets(self, node: ast.AST, function: str) -> Iterator[Mutant]:
        match node:
            case ast.Constant(bool() as value):
                yield self._replaced(node, str(not value), function)
            case ast.Constant(int() | float() as number) if function:
                changed = {number + 1, number - 1} if abs(number) <= SMALL else {number * 2}
                for other in sorted(changed if isinstance(number, int) else {number * 2 or 1.0}):
                    yield self._replaced(node, repr(other), function)
            case ast.Constant(str() as text) if " AND " in text:
                yield from self._sql(node, function)
            case ast.Set(elements) if len(elements) > 1:
                yield from self._elements(elements, function)
            case ast.Tuple(elements) if len(elements) > 1 and not function:
                yield from self._elements(elements, function)

    def _elements(self, elements: Sequence[ast.expr], function: str) -> Iterator[Mutant]:
        for element in elements:
            if isinstance(element, ast.Attribute):
                yield self._without(element, function)

    def _sql(self, node: ast.Constant, function: str) -> Iterator[Mutant]:
        """Each condition of a statement, without its effect."""
        start, end = self._span(node)
        text = self._bytes[start:end].decode()
        for found in SQL_CONDITION.finditer(text):
            at = start + len(text[: found.start()].encode())
            anything = "%s IS NOT NULL" if "%s" in found.group() else "1 = 1"
            yield self._mutant(at, at + len(found.group().encode()), anything, function)

    def _between(self, left: ast.expr, right: ast.expr, word: str, other: str, function: str) -> Mutant:
        start, end = self._span(left)[1], self._span(right)[0]
        pattern = r"\bnot\s+in\b|\bis\s+not\b" if word in {"not in", "is not"} else re.escape(word)
        found = re.search(pattern, self._bytes[start:end].decode())
        if found is None:
            raise ValueError(f"{self._file}:{left.lineno}: there is no {word}")
        return self._mutant(start + found.start(), start + found.end(), other, function)

    def _without(self, node: ast.expr | ast.keyword, function: str) -> Mutant:
        """An argument or element less, and its comma."""
        start, end = self._span(node)
        comma = re.match(rb"\s*,", self._bytes[end:])
        return self._mutant(start, end + (comma.end() if comma else 0), "", function)

    def _replaced(self, node: ast.stmt | ast.expr, text: str, function: str) -> Mutant:
        return self._mutant(*self._span(node), text, function)

    def _mutant(self, start: int, end: int, text: str, function: str) -> Mutant:
        line = next(number for number, begins in enumerate(self._starts) if begins > start)
        was = shorten(self._bytes[start:end].decode(), 100, placeholder=" …")
        original = self._lines[line - 1].strip()
        return Mutant(self._file, function, line, original, f"{was} → {text or 'nothing'}", start, end, text)

    def _span(self, node: ast.stmt | ast.expr | ast.keyword) -> tuple[int, int]:
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0),
        )

    def _text(self, node: ast.expr) -> str:
        start, end = self._span(node)
        return self._bytes[start:end].decode()


def _is_new(target: ast.AST) -> bool:
    return isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)


def _is_for_people(node: ast.AST) -> bool:
    """Log lines, translated messages, texts with values in them, and docstrings."""
    match node:
        case ast.JoinedStr() | ast.Expr(ast.Constant()) | ast.Assert():
            return True
        case ast.Expr(ast.Call(ast.Attribute(ast.Name(name)))) | ast.Call(ast.Name(name)):
            return name in UNBROKEN_CALLS
    return False
