"""A sandbox for the chat templates that come with models: no code, no hang, no flood of memory.

    template = BoundedTemplate(source)      # TemplateError where it is no template
    template.render(messages=messages)      # TemplateError, SecurityError where it goes too far

Jinja's own sandbox keeps a template away from Python. It does not keep it from counting to ten
milliards, or from doubling a text or a list forty times. Here every turn of a loop, every call and
every text or list that is put together costs steps, and a rendering has so many and no more.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MOST_STEPS = 50_000
"""Of one rendering; a real template takes a few hundred."""

LONGEST_TEXT = 1_000_000
"""Characters of any text that a template puts together; a context holds fewer."""

LONGEST_SOURCE = 200_000
"""Characters of a template itself; the longest known have a tenth of it."""

_CHARACTERS_A_STEP = 1_000
# What makes a text or list of any length out of a short one, and no chat template needs.
_FILTERS = (
    "center", "format", "indent", "wordwrap", "pprint", "urlize", "batch", "slice", "sum",
    "xmlattr",
)  # fmt: skip
_METHODS = frozenset(
    {"center", "ljust", "rjust", "zfill", "expandtabs", "translate", "format", "format_map"}
)
_MOST_BITS = 256


class BoundedTemplate:
    """A template with its own sandbox, to be rendered by any thread."""

    def __init__(self, source: str) -> None:
        if len(source) > LONGEST_SOURCE:
            raise TemplateError(f"it has {len(source):,} characters")
        self._sandbox = _Sandbox()
        try:
            self._template = self._sandbox.from_string(source)
        except (RecursionError, MemoryError, SyntaxError, ValueError, OverflowError):
            raise TemplateError("it cannot be compiled") from None

    def render(self, **values: Any) -> str:
        """The text; whatever the template does wrong is a TemplateError."""
        self._sandbox.begin()
        pieces: list[str] = []
        try:
            for piece in self._template.generate(**values):
                pieces.append(piece)
                self._sandbox.weigh(piece)
        except TemplateError:
            raise
        except Exception as error:  # its own arithmetic, types and depth: all of it is its fault
            raise TemplateError(f"{type(error).__name__}: {error}"[:200]) from None
        return "".join(pieces)


class _Sandbox(ImmutableSandboxedEnvironment):
    # Whitespace control as in `transformers`, so that training renders the same text:
    # https://huggingface.co/docs/transformers/chat_templating
    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True)
        self._budget = threading.local()
        for name in _FILTERS:
            self.filters.pop(name, None)
        for name in ("lipsum", "cycler", "joiner"):
            self.globals.pop(name, None)
        self.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
        self.filters["replace"] = _replace
        self.filters["join"] = lambda parts, d="", **_: _join(d, parts)
        self.filters["_weigh"] = self.weigh
        self.globals["raise_exception"] = _raise
        self.globals["_step"] = lambda: ""

    def begin(self) -> None:
        self._budget.steps = 0

    def weigh(self, value: Any) -> Any:
        """Charge for all that a value holds; returns it."""
        waiting, steps = [value], getattr(self._budget, "steps", 0)
        while waiting:
            one = waiting.pop()
            if isinstance(one, str):
                if len(one) > LONGEST_TEXT:
                    raise SecurityError("it puts together a text too long")
                steps += len(one) // _CHARACTERS_A_STEP
            elif isinstance(one, dict):
                waiting += one.values()
                steps += len(one)
            elif isinstance(one, list | tuple):
                if steps + len(one) <= MOST_STEPS:
                    waiting += one
                steps += len(one)
            if steps > MOST_STEPS:
                raise SecurityError(f"it takes more than {MOST_STEPS:,} steps")
        self._budget.steps = steps
        return value

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = _Weighing().visit(super()._parse(source, name, filename))
        return tree

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, str) and attr in _METHODS:
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Any:
        return None  # not wrapped but refused, by is_safe_attribute

    def call(self, context: Any, function: Any, *arguments: Any, **named: Any) -> Any:
        self.weigh(("",))
        subject = getattr(function, "__self__", None)
        if isinstance(subject, str):
            self.weigh(subject)
            if function.__name__ == "replace":
                return self.weigh(_replace(subject, *arguments))
            if function.__name__ == "join":
                return self.weigh(_join(subject, *arguments))
        return super().call(context, function, *arguments, **named)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**":
            raise SecurityError("it raises to a power")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("it formats a text with %")
        if operator == "*":
            _check_product(left, right)
        return self.weigh(super().call_binop(context, operator, left, right))


class _Weighing(NodeTransformer):
    """Puts a step into every loop, and a scale under every text and list that is put together."""

    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802, Jinja's own name
        self.generic_visit(node)
        node.body = [nodes.ExprStmt(_step(node.lineno), lineno=node.lineno), *node.body]
        if node.test is not None:
            node.test = nodes.And(nodes.Not(_step(node.lineno)), node.test)
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.AssignBlock:  # noqa: N802
        self.generic_visit(node)
        inner: Any = node.filter
        node.filter = _weighed(inner, node.lineno)
        return node

    def _weigh(self, node: nodes.Expr) -> nodes.Node:
        self.generic_visit(node)
        if getattr(node, "ctx", "load") != "load":
            return node  # the names of `for a, b in …`
        return _weighed(node, node.lineno)

    visit_Concat = visit_List = visit_Tuple = visit_Dict = visit_Filter = _weigh  # noqa: N815


def _step(line: int) -> nodes.Call:
    return nodes.Call(nodes.Name("_step", "load"), [], [], None, None, lineno=line)


def _weighed(node: nodes.Expr, line: int) -> nodes.Filter:
    return nodes.Filter(node, "_weigh", [], [], None, None, lineno=line)


def _check_product(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        if isinstance(other, int) and hasattr(one, "__len__") and len(one) * other > LONGEST_TEXT:
            raise SecurityError("it repeats a text too often")
    if not (isinstance(left, int) and isinstance(right, int)):
        return
    if left.bit_length() + right.bit_length() > _MOST_BITS:
        raise SecurityError("its numbers are too large")


def _replace(text: Any, old: Any, new: Any, count: int | None = None) -> str:
    text, old, new = str(text), str(old), str(new)
    if len(text) + text.count(old) * max(0, len(new) - len(old)) > LONGEST_TEXT:
        raise SecurityError("it puts together a text too long")
    return str(text.replace(old, new, -1 if count is None else count))


def _join(separator: Any, parts: Any) -> str:
    texts, length = [], 0
    for part in parts:
        texts.append(str(part))
        length += len(texts[-1]) + len(str(separator))
        if length > LONGEST_TEXT:
            raise SecurityError("it puts together a text too long")
    return str(separator).join(texts)


def _raise(message: str) -> None:
    raise TemplateError(message)
