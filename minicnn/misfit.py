"""Errors that Python or NumPy raised deep inside, told again in the caller's words: which argument does not fit.

`nn.Dropout(p="x")` would end with "'<' not supported between instances of 'str' and 'int'". The class of such an error
is right, as PyTorch raises it, too; its text names nothing that the caller wrote. So where a public function or
constructor ends with one, its arguments are held against the types that its signature gives, and the error says
which of them is another: "Dropout(): `p` must be float, got 'x' ('<' not supported …)". Nothing is checked
beforehand: what works is as fast as ever.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

LONGEST = 60  # letters of a value in a text

_RAW = re.compile(  # how Python and NumPy say it
    r"object is not|not supported between|has no len\(\)|cannot be interpreted as an|must be (a )?real number"
    r"|^'[\w.]+' object (has no attribute|does not|cannot)|has no attribute|truth value of an array"
    r"|arrays? can be converted|(float|int|complex)\(\) argument|could not convert|unsupported operand|bad operand"
    r"|values to unpack|inhomogeneous|could not be broadcast|cannot be broadcast|index out of range|invalid literal"
    r"|dimensions? specified|unhashable|expected str|must be str|an integer is required|not a valid|data type"
    r"|can be converted to an index|only integer|Cannot cast|array element with a sequence|multiply sequence"
    r"|can only concatenate|not all arguments|of integral type|indices must be|argument must be|not understood"
    r"|Object arrays"
)
_TESTS: dict[str, Callable[[Any], bool]] = {
    "None": lambda value: value is None,
    "bool": lambda value: isinstance(value, bool),
    "int": lambda value: isinstance(value, numbers.Integral),
    "float": lambda value: isinstance(value, numbers.Real),
    "str": lambda value: isinstance(value, str),
    "Sequence": lambda value: hasattr(value, "__getitem__") and not isinstance(value, str | bytes | Mapping),
    "Iterable": lambda value: hasattr(value, "__iter__") and not _is_text(value),
    "Mapping": lambda value: isinstance(value, Mapping),
    "Callable": callable,
    "type": lambda value: isinstance(value, type),
}
_KINDS = {"tuple": tuple, "list": list, "dict": dict, "set": set}


def is_raw(error: BaseException) -> bool:
    """Whether the text of `error` is one of Python's own or NumPy's, and has not been told again."""
    return not getattr(error, "told_again", False) and _RAW.search(str(error)) is not None


def told_again(
    error: Exception, function: Callable[..., Any], name: str, args: Any, options: Any, always: bool = True
) -> Exception:
    """`error`, in the words of who called `function`, known as `name`, with these arguments.

    Without `always` it is `error` itself where every argument fits: it may come from code of the user's.

    >>> def scaled(x: list[int], by: float = 1.0): ...
    >>> told_again(TypeError("'str' object is not iterable"), scaled, "scaled", ([1],), {"by": "x"})
    TypeError("scaled(): `by` must be float, got 'x' ('str' object is not iterable)")
    """
    try:
        bound = inspect.signature(function).bind(*args, **options)
    except (TypeError, ValueError):
        return error
    given = dict(bound.arguments)
    wrong = _misfits(function, given)
    owner = given.pop("self", None)
    if not wrong and isinstance(owner, ToldAgain):  # what was wrong may have been given to its constructor
        wrong = _misfits(type(owner).__init__, vars(owner))
    if not wrong and not always:
        return error
    if not wrong:
        listed = ", ".join(f"`{key}`={shown(value)}" for key, value in given.items())
        wrong = [f"expected arguments that go together, got {listed or 'none'}"]
    text = f"{name}(): {' and '.join(wrong)} ({error})"
    again: Any = AttributeError(text) if isinstance(error, AttributeError) else _plain_class(error)(text)
    again.told_again = True  # once is enough, however many constructors call each other
    result: Exception = again
    return result


def _misfits(function: Callable[..., Any], given: Mapping[str, Any]) -> list[str]:
    names = getattr(inspect.unwrap(function), "__globals__", {})
    return [
        f"`{key}` must be {_words(parameter.annotation, names)}, got {shown(given[key])}"
        for key, parameter in inspect.signature(function).parameters.items()
        if key in given and key != "self" and not _given_fits(parameter, given[key], names)
    ]


def _plain_class(error: Exception) -> type[Exception]:
    """The documented class whose text one may set."""
    return next(kind for kind in (IndexError, KeyError, TypeError, ValueError, Exception) if isinstance(error, kind))


def shown(value: Any) -> str:
    """The value as a text may show it: a tensor by its shape and type, all else cut to LONGEST letters."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{type(value).__name__} of shape {list(value.shape)} and type {value.dtype}"
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _given_fits(parameter: inspect.Parameter, value: Any, names: Mapping[str, Any]) -> bool:
    if parameter.kind is parameter.VAR_POSITIONAL:
        return all(fits(item, parameter.annotation, names) for item in value)
    if parameter.kind is parameter.VAR_KEYWORD or (value is parameter.default and value is not parameter.empty):
        return True
    return fits(value, parameter.annotation, names)


def fits(value: Any, annotation: Any, names: Mapping[str, Any]) -> bool:
    """Whether `value` is what `annotation`, as it stands in a signature, says; True where that cannot be told.

    >>> fits((1, 2), "int | tuple[int, int]", {}), fits("x", "float | None", {}), fits(object(), "Any", {})
    (True, False, True)
    """
    if annotation is inspect.Parameter.empty:
        return True
    return any(_fits_one(value, part, names) for part in _split(_written(annotation), "|"))


def _written(annotation: Any) -> str:
    """The annotation as it stands in the file, where it may have been a class instead of a text."""
    plain = isinstance(annotation, type) and not hasattr(annotation, "__origin__")
    return annotation.__name__ if plain else str(annotation)


def _fits_one(value: Any, part: str, names: Mapping[str, Any]) -> bool:
    head, _, inner = part.partition("[")
    kind = head.rpartition(".")[2]
    items = _split(inner.removesuffix("]"), ",") if inner else []
    if kind in ("Tensor", "Parameter"):
        return any(base.__name__ == kind for base in type(value).__mro__)
    if kind in _KINDS:
        if not isinstance(value, _KINDS[kind]):
            return False
        if kind == "tuple" and items and items[-1] != "...":
            return len(value) == len(items) and all(map(fits, value, items, [names] * len(items)))
        return kind == "dict" or not items or all(fits(item, items[0], names) for item in value)
    if kind in _TESTS:
        plain = kind in ("Sequence", "Iterable") and hasattr(value, "__len__") and items
        return _TESTS[kind](value) and (not plain or all(fits(item, items[0], names) for item in value))
    if kind in ("Any", "object"):
        return True
    known = names.get(kind)
    if isinstance(known, type):
        return isinstance(value, known)
    return known is None or str(known) == part or fits(value, str(known), {})


def _split(text: str, sign: str) -> list[str]:
    """The parts of `text` between `sign`s that stand in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "[") - (letter == "]")
        if letter == sign and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _is_text(value: Any) -> bool:
    return isinstance(value, str | bytes)


def _words(annotation: Any, names: Mapping[str, Any]) -> str:
    known = names.get(_written(annotation))  # an alias of this project says nothing to the caller
    annotation = annotation if known is None or isinstance(known, type) else known
    return re.sub(r"\b[a-z_]+\.", "", _written(annotation)).replace(" | ", " or ")


def telling(function: F) -> F:
    """`function`, which tells Python's errors again in the caller's words."""

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except (TypeError, ValueError, AttributeError, IndexError) as error:
            again: Exception = error
            if error.__traceback__.tb_next and is_raw(error):  # type: ignore[union-attr]
                again = told_again(error, function, function.__name__, args, options, always=False)
            if again is error:
                raise
            raise again from error

    return cast(F, call)


class ToldAgain:
    """A class whose constructors, where minicnn wrote them, tell Python's errors again in the caller's words."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not cls.__module__.startswith("minicnn."):
            return
        if "__init__" in cls.__dict__:
            cls.__init__ = _telling(cls.__dict__["__init__"])  # type: ignore[method-assign]
        if "forward" in cls.__dict__ and cls.__module__.startswith("minicnn.transforms."):
            cls.forward = telling(cls.__dict__["forward"])  # type: ignore[attr-defined]


def _telling(inner: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(inner)
    def __init__(self: Any, *args: Any, **options: Any) -> None:
        try:
            inner(self, *args, **options)
        except (TypeError, ValueError, AttributeError, IndexError) as error:
            if not error.__traceback__.tb_next or not is_raw(error):  # type: ignore[union-attr]
                raise
            raise told_again(error, inner, type(self).__name__, (self, *args), options) from error

    return __init__
