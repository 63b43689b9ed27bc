"""Uses of a clock in tests: a time that may be compared, a fixed sleep, a deadline below 30 s.

A busy machine multiplies every time, so a test that compares one fails now and then. A function
that has to use a clock says why, in a comment `# clock: reason`.
"""

import ast
from collections.abc import Iterator

MARK = "# clock: "
_CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time"}
_SLEEPERS = {"asyncio", "anyio", "time"}
_WAITS = {"wait", "join"}
_DEADLINES = {"timeout", "fail_after", "wait_for"}
_SHORT_S = 30


def unexplained(source: str) -> Iterator[int]:
    """Yield the line of each use whose outermost function has no reason."""
    lines = source.splitlines()
    for node in _outermost(ast.parse(source)):
        first = min(one.lineno for one in ast.walk(node) if hasattr(one, "lineno"))
        if not any(MARK in line for line in lines[first - 1 : node.end_lineno]):
            yield from (use.lineno for use in _uses(node, looping=False))


def _outermost(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield functions, methods, and the other statements of modules and classes."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _outermost(node)
        elif isinstance(node, ast.stmt):
            yield node


def _uses(node: ast.AST, *, looping: bool) -> Iterator[ast.expr]:
    """Yield clocks, deadlines and sleeps; a sleep in a loop polls or paces, and bounds nothing."""
    match node:
        case ast.BinOp(ast.Call(ast.Attribute(ast.Name("time"), "time")), ast.Sub()):
            yield node
        case ast.Call() if _is_clock(node) or (_is_sleep(node) and not looping):
            yield node
    looping = looping or isinstance(node, ast.While | ast.For | ast.AsyncFor)
    for child in ast.iter_child_nodes(node):
        yield from _uses(child, looping=looping)


def _is_sleep(call: ast.Call) -> bool:
    match call:
        case ast.Call(ast.Attribute(ast.Name(module), "sleep"), [ast.Constant(0)]):
            return False
        case ast.Call(ast.Attribute(ast.Name(module), "sleep")):
            return module in _SLEEPERS
        case ast.Call(ast.Attribute(_, name), [seconds]) if name in _WAITS:
            return _is_short(seconds)
    return False


def _is_clock(call: ast.Call) -> bool:
    """Wall-clock time is data, as in a token's expiry, unless it is subtracted from."""
    match call.func:
        case ast.Attribute(ast.Name("time"), "time"):
            return False
        case ast.Attribute(ast.Name("time"), name) if name.removesuffix("_ns") in _CLOCKS:
            return True
        case ast.Attribute(_, "time") if not call.args:
            return True
        case ast.Attribute(_, name) if name in _DEADLINES and any(map(_is_short, call.args)):
            return True
    return any(word.arg == "timeout" and _is_short(word.value) for word in call.keywords)


def _is_short(value: ast.expr) -> bool:
    return 0 < _number(value) < _SHORT_S


def _number(value: ast.expr) -> float:
    match value:
        case ast.Constant(int(number) | float(number)):
            return number
    return 0
