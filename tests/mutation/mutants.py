"""The small changes of a source file that its tests have to notice: each decision in it inverted or removed."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.Lt: ast.GtE,
    ast.Gt: ast.LtE,
    ast.In: ast.NotIn,
    ast.Is: ast.IsNot,
}
OPPOSITE |= {opposite: one for one, opposite in OPPOSITE.items()}
DECIDED_BY_THEMSELVES = (ast.Compare, ast.BoolOp)
LEAVES = (ast.Raise, ast.Return, ast.Continue, ast.Break)
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change; `function` is the outermost function around it, as its code object names it."""

    function: str
    lines: tuple[int, int]
    before: str
    after: str
    code: CodeType

    @property
    def name(self) -> str:
        """What is changed, without numbers that move with each edit above it."""
        return f"{self.function}: {self.before} → {self.after}"


@dataclass(frozen=True)
class Change:
    """Another expression or statement in place of one."""

    old: ast.expr | ast.stmt
    new: ast.expr | ast.stmt


def mutants_of(path: Path) -> list[Mutant]:
    """All mutants of a file; the same change twice in a function is told apart by a number."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[Mutant] = []
    for name, function in functions(tree):
        for change in changes(function):
            mutant = made(tree, change, name=name, path=path)
            again = sum(other.name.partition(" #")[0] == mutant.name for other in found)
            found.append(renumbered(mutant, again + 1) if again else mutant)
    return found


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """The outermost functions and the methods of a module, by their qualified names."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, Function):
            yield f"{prefix}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")


def changes(function: Function) -> Iterator[Change]:
    """
    Each comparison and condition inverted, each operand of `and` and `or` dropped, each `not` and each guard removed.

    An `and` in place of an `or` is not among them: whatever notices that an operand is missing notices that, too.
    """
    for node in ast.walk(function):
        match node:
            case ast.Compare():
                yield from inverted_comparisons(node)
            case ast.BoolOp():
                yield from without_operand(node)
            case ast.UnaryOp(op=ast.Not()):
                yield Change(node, node.operand)
            case ast.If():
                yield from opened(node)
            case ast.IfExp() | ast.While():
                yield from negated(node.test)
            case ast.comprehension():
                for condition in node.ifs:
                    yield from negated(condition)


def inverted_comparisons(node: ast.Compare) -> Iterator[Change]:
    for index, operator in enumerate(node.ops):
        new = copy.deepcopy(node)
        new.ops[index] = OPPOSITE[type(operator)]()
        yield Change(node, new)


def without_operand(node: ast.BoolOp) -> Iterator[Change]:
    for dropped in node.values:
        rest = [value for value in node.values if value is not dropped]
        yield Change(node, rest[0] if len(rest) == 1 else ast.BoolOp(op=node.op, values=rest))


def opened(node: ast.If) -> Iterator[Change]:
    """A guard is removed; any other `if` is asked the other way round."""
    if isinstance(node.body[-1], LEAVES) and not node.orelse:
        yield Change(node, ast.Pass())
    yield from negated(node.test)


def negated(test: ast.expr) -> Iterator[Change]:
    """The opposite, where nothing else changes this condition."""
    if not isinstance(test, DECIDED_BY_THEMSELVES) and not isinstance(test, ast.UnaryOp):
        yield Change(test, ast.UnaryOp(op=ast.Not(), operand=test))


class Replacing(ast.NodeTransformer):
    """Puts a change into a tree."""

    def __init__(self, change: Change) -> None:
        self.change = change

    def visit(self, node: ast.AST) -> ast.AST:
        """Replace the node that is meant, whatever it is."""
        if node is self.change.old:
            return ast.copy_location(self.change.new, node)
        return self.generic_visit(node)


def made(tree: ast.Module, change: Change, *, name: str, path: Path) -> Mutant:
    # The copy has to know which of its nodes is meant, so the two are copied together.
    changed, meant = copy.deepcopy((tree, change))
    Replacing(meant).visit(changed)
    ast.fix_missing_locations(changed)
    code = next(code for code in codes(compile(changed, str(path), "exec")) if code.co_qualname == name)
    old = change.old.test if isinstance(change.old, ast.If) else change.old
    after = "no such guard" if isinstance(change.new, ast.Pass) else ast.unparse(change.new)
    lines = (change.old.lineno, old.end_lineno or change.old.lineno)
    return Mutant(function=name, lines=lines, before=ast.unparse(old), after=after, code=code)


def codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a module, and all code inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes(constant)


def renumbered(mutant: Mutant, number: int) -> Mutant:
    return Mutant(**{**vars(mutant), "after": f"{mutant.after} #{number}"})
