"""Constraints between parameters: `home.threshold > 2 * host.threshold and truce == "literal"`.

The text is parsed as a Python expression and evaluated here, node by node, over whole columns of
values; Python never executes it. Allowed are names of settings and config groups, numbers, texts,
true and false, comparisons, `and`, `or`, `not`, `in` with a list, arithmetic, and the functions
below. Numbers are double precision, so powers cannot grow without bound; those that agree to twelve
digits are equal, so that `home.capacity * 3 >= 2.1` holds for 0.7. A comparison with something that
cannot be computed (0/0, log(-1)) is false.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from truce_sim.config.resolvers import has_references
from truce_sim.errors import InputError, closest, shown
from truce_sim.settings.fields import by_path, field_at, groups
from truce_sim.settings.nested import at
from truce_sim.sweeps.design.composer import Base
from truce_sim.sweeps.design.configs import plain_config

#: Numbers whose relative difference is smaller count as equal: rounding is not a difference.
ROUNDING = 1e-12

MAX_LENGTH = 1000
MAX_DEPTH = 40
SETTING = "hydra.sweeper.where"

_ALLOWED = (
    "names of settings and groups, numbers, texts in quotes, < <= > >= == != in, and or not, "
    "+ - * / // % **, min max abs log exp sqrt"
)

Column = Any  # a scalar, or an array with one value per point
Lookup = Callable[[str], Column]

_ARITHMETIC: dict[type[ast.operator], Callable[[Column, Column], Column]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide, ast.Mod: np.mod, ast.Pow: np.power,
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], Callable[[Column, Column], Column]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_TRUE_OF_EQUALS = (ast.LtE, ast.GtE, ast.Eq)
_FUNCTIONS: dict[str, tuple[Callable[..., Column], int]] = {
    "min": (np.minimum, 2), "max": (np.maximum, 2),
    "abs": (np.abs, 1), "log": (np.log, 1), "exp": (np.exp, 1), "sqrt": (np.sqrt, 1),
}  # fmt: skip
_CONSTANTS = {"true": True, "false": False, "inf": np.inf}
_SIGNS = {ast.USub: np.negative, ast.UAdd: np.positive}


def evaluate_constraint(text: str, lookup: Lookup, points: int) -> NDArray[np.bool_]:
    """Return which points meet a constraint.

    Args:
        text: the constraint, in the language described above.
        lookup: name -> one value per point, or one for all; raises KeyError for unknown names.
        points: number of points.

    Returns:
        Flags (points,).

    Raises:
        InputError: if the text is not a condition in that language.
    """
    tree = _parse(text)
    with np.errstate(all="ignore"):
        result = _Evaluation(text, lookup).value(tree)
    if _kind(result) != "b":
        raise _refuse(text, "is not a condition: its result is not true or false")
    return np.broadcast_to(np.asarray(result, bool), points)


def _parse(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise _refuse(text, f"is too long: {len(text):,} characters", f"at most {MAX_LENGTH:,}")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refuse(text, f"cannot be read: {getattr(error, 'msg', error)}") from None
    if _depth(tree) > MAX_DEPTH:
        raise _refuse(text, "is nested too deeply", f"at most {MAX_DEPTH} levels")
    return tree


def _depth(tree: ast.AST) -> int:
    """Count the levels of the tree, without recursion."""
    level, depth = [tree], 0
    while level:
        level, depth = [child for node in level for child in ast.iter_child_nodes(node)], depth + 1
    return depth


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name | ast.Attribute)


def _dotted_name(node: ast.AST) -> str:
    """Return a name such as `home.threshold`; "" for any other kind of access."""
    if isinstance(node, ast.Name):
        return node.id
    inner = _dotted_name(node.value) if isinstance(node, ast.Attribute) else ""
    return f"{inner}.{node.attr}" if inner and isinstance(node, ast.Attribute) else ""


def _refuse(text: str, problem: str, allowed: str = _ALLOWED) -> InputError:
    return InputError(problem, setting=SETTING, value=text, allowed=allowed)


def _kind(value: Column) -> str:
    """Return f for numbers, b for true and false, O for text."""
    kind = np.asarray(value).dtype.kind
    return "f" if kind in "iuf" else kind if kind == "b" else "O"


class _Evaluation:
    """One pass over the tree, with a method per allowed kind of node; others are errors."""

    def __init__(self, text: str, lookup: Lookup) -> None:
        self._text = text
        self._lookup = lookup

    def value(self, node: ast.expr) -> Column:
        """Return the values of a part of the expression."""
        method = getattr(self, f"_{type(node).__name__}", None)
        if method is None:
            raise _refuse(self._text, f"contains {shown(ast.unparse(node))}, which is not allowed")
        return method(node)

    def _of_kind(self, node: ast.expr, kind: str, name: str) -> Column:
        value = self.value(node)
        if _kind(value) != kind:
            raise _refuse(self._text, f"{shown(ast.unparse(node))} is not a {name}")
        return value

    def _number(self, node: ast.expr) -> Column:
        return np.asarray(self._of_kind(node, "f", "number"), float)

    def _condition(self, node: ast.expr) -> Column:
        return np.asarray(self._of_kind(node, "b", "condition"), bool)

    def _Constant(self, node: ast.Constant) -> Column:
        if not isinstance(node.value, bool | int | float | str):
            raise _refuse(self._text, f"contains {node.value!r}, which is not allowed")
        is_int = isinstance(node.value, int) and not isinstance(node.value, bool)
        try:
            return float(node.value) if is_int else node.value
        except OverflowError:
            raise _refuse(self._text, "contains a number that is too large") from None

    def _Name(self, node: ast.Name | ast.Attribute) -> Column:
        name = _dotted_name(node)
        if not name:
            raise _refuse(self._text, f"contains {shown(ast.unparse(node))}, which is not allowed")
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        try:
            return self._lookup(name)
        except KeyError:
            raise InputError(
                f"names {shown(name)}, which is neither a single setting nor a config group",
                setting=SETTING, value=self._text, allowed=_ALLOWED,
                suggestion=closest(name, [*by_path(), *groups()]),
            ) from None  # fmt: skip

    _Attribute = _Name

    def _BinOp(self, node: ast.BinOp) -> Column:
        compute = _ARITHMETIC.get(type(node.op))
        if compute is None:
            raise _refuse(self._text, f"contains {shown(ast.unparse(node))}, which is not allowed")
        return compute(self._number(node.left), self._number(node.right))

    def _UnaryOp(self, node: ast.UnaryOp) -> Column:
        if isinstance(node.op, ast.Not):
            return ~self._condition(node.operand)
        if type(node.op) not in _SIGNS:
            raise _refuse(self._text, f"contains {shown(ast.unparse(node))}, which is not allowed")
        return _SIGNS[type(node.op)](self._number(node.operand))

    def _BoolOp(self, node: ast.BoolOp) -> Column:
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        first, *others = map(self._condition, node.values)
        for other in others:
            first = join(first, other)
        return first

    def _Compare(self, node: ast.Compare) -> Column:
        result = np.asarray(True)
        operands = [node.left, *node.comparators]
        for op, left, right in zip(node.ops, operands, operands[1:], strict=False):
            result = result & self._compare_values(op, left, right)
        return result

    def _compare_values(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Column:
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.List | ast.Tuple):
                raise _refuse(self._text, f"{shown(ast.unparse(right))} is not a list (1, 2, 3)")
            inside = np.asarray(False)
            for item in right.elts:
                inside = inside | self._compare_values(ast.Eq(), left, item)
            return inside if isinstance(op, ast.In) else ~inside
        a, b = self.value(left), self.value(right)
        ordered = not isinstance(op, ast.Eq | ast.NotEq)
        if type(op) not in _COMPARISONS or _kind(a) != _kind(b) or (ordered and _kind(a) != "f"):
            both = f"{shown(ast.unparse(left))} and {shown(ast.unparse(right))}"
            raise _refuse(self._text, f"compares {both}, which cannot be compared in that way")
        found = np.asarray(_COMPARISONS[type(op)](_array(a), _array(b)), bool)
        if _kind(a) != "f":
            return found
        same = np.isclose(a, b, rtol=ROUNDING, atol=0.0)
        return np.where(same, type(op) in _TRUE_OF_EQUALS, found)

    def _Call(self, node: ast.Call) -> Column:
        name = _dotted_name(node.func)
        if name not in _FUNCTIONS or node.keywords:
            raise _refuse(
                self._text, f"calls {shown(ast.unparse(node.func))}, which is not allowed"
            )
        function, least = _FUNCTIONS[name]
        if len(node.args) < least or (least == 1 and len(node.args) > 1):
            raise _refuse(self._text, f"{name} takes {'a number' if least == 1 else 'numbers'}")
        first, *others = map(self._number, node.args)
        for other in others:
            first = function(first, other)
        return first if others else function(first)


def _array(value: Column) -> NDArray[Any]:
    array = np.asarray(value)
    return array if array.dtype.kind in "iufb" else array.astype(object)


# ── the values of a name ──────────────────────────────────────────────────────────────────────


def make_lookup(values: pd.DataFrame, bases: Sequence[Base], base: NDArray[np.int64]) -> Lookup:
    """Return a function from names to columns: swept values, chosen options, other settings.

    Args:
        values: one row per point, one column per factor.
        bases: the configurations that points start from.
        base: (points,) the base of each point, as an index into `bases`.
    """

    def lookup(name: str) -> Column:
        if name in values:
            return values[name].to_numpy()
        if all(name in each.choices for each in bases):
            return np.array([each.choices[name] for each in bases], object)[base]
        return _settings(name, values, [each.plain for each in bases], base)

    return lookup


def _settings(
    name: str, values: pd.DataFrame, bases: Sequence[dict[str, Any]], base: NDArray[np.int64]
) -> Column:
    """Return a setting that is not swept, at each point; references to swept ones are followed."""
    info = field_at(name)
    if info is None or info.type.startswith("list"):
        raise KeyError(name)
    if not any(has_references(plain) for plain in bases):
        return np.array([at(plain, name) for plain in bases])[base]
    columns = {str(factor): values[factor].to_list() for factor in values}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return np.array(
        [at(plain_config(bases[b], row), name) for b, row in zip(base, rows, strict=True)]
    )
