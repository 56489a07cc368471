"""Putting changed code into the running program: a function keeps its identity, and gets other code.

Whoever has imported the function already, as a name, a method or a property, runs the changed code from then on.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from testing.mutants.operators import Mutant

REACHED = "_reached_by_a_test"


class NotSwappable(Exception):
    """The code can't be put in place of the running one."""


def module_of(file: str) -> ModuleType:
    """The module of a file, whose path is relative to the root of the tree."""
    return importlib.import_module(".".join(Path(file).with_suffix("").parts).removesuffix(".__init__"))


def apply(mutant: Mutant, source: str) -> None:
    """Let the running program contain the mutant. Raises `NotSwappable`."""
    module, changed = module_of(mutant.file), mutant.applied(source)
    if mutant.function:
        line = max(line for line, path in functions_in(source) if path == mutant.function and line <= mutant.line)
        _swap(module, mutant.function, compile(changed, str(module.__file__), "exec"), line)
    else:
        statement = next(one for one in ast.parse(changed).body if one.lineno <= mutant.line <= (one.end_lineno or 0))
        exec(compile(ast.Module([statement], []), str(module.__file__), "exec"), module.__dict__)  # noqa: S102


def watch(file: str, source: str, reached: set[str]) -> None:
    """Let every function of a file add itself to `reached`, as `file:path`, when it is called."""
    module, tree = module_of(file), ast.parse(source)
    for node, path in _definitions(tree.body, ""):
        node.body.insert(0, ast.parse(f"{REACHED}.add({f'{file}:{path}'!r})").body[0])
    module.__dict__[REACHED] = reached
    code = compile(ast.fix_missing_locations(tree), str(module.__file__), "exec")
    for line, path in functions_in(source):
        _swap(module, path, code, line)


def functions_in(source: str) -> Iterator[tuple[int, str]]:
    """The first line (that of a decorator, if there is one) and the path of each function and method."""
    for node, path in _definitions(ast.parse(source).body, ""):
        yield min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]), path


def _definitions(body: list[ast.stmt], path: str) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node.body, f"{path}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, path + node.name


def _swap(module: ModuleType, path: str, code: CodeType, line: int) -> None:
    function = _running(module, path, line)
    found = [one for one in _codes(code) if one.co_name == function.__code__.co_name and one.co_firstlineno == line]
    if len(found) != 1 or found[0].co_freevars != function.__code__.co_freevars:
        raise NotSwappable(f"{module.__name__}.{path}")
    function.__code__ = found[0]


def _running(module: ModuleType, path: str, line: int) -> FunctionType:
    """The function at this path that begins at this line, whatever it is wrapped in."""
    owner: Any = module
    *classes, name = path.split(".")
    for each in classes:
        owner = getattr(owner, each)
    wrapped = inspect.getattr_static(owner, name, None)
    for function in _unwrapped(wrapped):
        if function.__code__.co_firstlineno == line:
            return function
    raise NotSwappable(f"{module.__name__}.{path}")


def _unwrapped(wrapped: Any) -> Iterator[FunctionType]:
    match wrapped:
        case property():
            inner = [wrapped.fget, wrapped.fset]
        case staticmethod() | classmethod():
            inner = [wrapped.__func__]
        case cached_property():
            inner = [wrapped.func]
        case _:
            inner = [wrapped]
    for one in inner:
        function = inspect.unwrap(one) if one is not None else None
        if isinstance(function, FunctionType):
            yield function


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
