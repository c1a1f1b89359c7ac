"""Near names for misspelt ones: `nn.Conv2D` is answered with `Conv2d`, `kernel=3` with `kernel_size`.

Errors stay of the class that Python would raise (AttributeError, TypeError), so `hasattr` and
`try: … except ImportError` work as everywhere.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, NoReturn

from minicnn.misfit import ToldAgain

# Where a name may be meant to stand, when it is not where it was asked for.
PLACES = ("", ".nn", ".nn.functional", ".nn.init", ".optim", ".optim.lr_scheduler", ".utils.data", ".transforms",
          ".datasets")  # fmt: skip

SYNONYMS = {"learning_rate": "lr"}  # not near as a word


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` was probably meant to be, or None.

    >>> nearest("Conv2D", ["Conv2d", "Linear"]), nearest("zeroes", ["ones", "zeros"]), nearest("x", ["Linear"])
    ('Conv2d', 'zeros', None)
    """
    from difflib import get_close_matches  # at the first error, not at import

    names = sorted({*names} - {name})
    plain: dict[str, str] = {}
    for candidate in names:  # upper and lower case and underlines are what people mix up first
        plain.setdefault(_plain(candidate), candidate)
    if SYNONYMS.get(name) in names:
        return SYNONYMS[name]
    found = get_close_matches(_plain(name), plain, n=1, cutoff=0.7)
    if not found and len(_plain(name)) >= 3:  # kernel for kernel_size
        found = sorted((p for p in plain if p.startswith(_plain(name))), key=len)
    return plain[found[0]] if found else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


def hint(name: str, names: Iterable[str]) -> str:
    """`; did you mean 'X'?`, or nothing: the end of an error's text."""
    found = nearest(name, names)
    return f"; did you mean {found!r}?" if found else ""


def missing(module: str, name: str, names: Iterable[str] = ()) -> AttributeError:
    """The error for a name that `module` lacks; `names` are those it has, beside its public attributes.

    >>> print(missing("minicnn.nn", "Conv2D"))
    module 'minicnn.nn' has no attribute 'Conv2D'; did you mean 'Conv2d'?
    """
    text = f"module {module!r} has no attribute {name!r}"
    if not name.startswith("_"):  # those are asked for by machinery, often, and never misspelt
        names = {*names, *public_names(module)}
        found = nearest(name, names)
        # a class that is at home elsewhere is rather meant than a function here: minicnn.Conv2d, not minicnn.conv2d
        meant = found is not None and _plain(found) == _plain(name) and found[0].isupper() >= name[0].isupper()
        text += hint(name, names) if meant else _elsewhere(module, name) or hint(name, names)
    # `obj` is left out on purpose: with it, Python's own traceback would add a second suggestion
    return AttributeError(text, name=name)


def _elsewhere(module: str, name: str) -> str:
    """The same name in another module, where it is at home."""
    package = module.partition(".")[0]
    for place in PLACES:
        if package + place != module and name in public_names(package + place):
            return f"; there is {package + place}.{name}"
    return ""


def public_names(module: str) -> set[str]:
    """The names that a module offers its users; the empty set if it has not been loaded."""
    loaded = sys.modules.get(module)
    return {name for name in vars(loaded) if not name.startswith("_")} if loaded else set()


def no_attribute(owner: Any, name: str) -> AttributeError:
    """The error for an attribute that an object lacks, with the nearest that it has."""
    near = "" if name.startswith("_") else hint(name, (n for n in dir(owner) if not n.startswith("_")))
    return AttributeError(f"{type(owner).__name__!r} object has no attribute {name!r}{near}", name=name)


def attribute_of(module: str, lazy: Iterable[str] = ()) -> Callable[[str], Any]:
    """A `__getattr__` for `module`: its submodules `lazy`, and names in them ("serialization.save"), are loaded at
    their first use, and what there is not is answered with the nearest name.

        if not TYPE_CHECKING:  # type checkers know the names
            __getattr__ = suggest.attribute_of(__name__)
    """
    homes = {path.rpartition(".")[2]: path for path in lazy}

    def __getattr__(name: str) -> Any:
        if name not in homes:
            raise missing(module, name, homes)
        home, _, function = homes[name].partition(".")
        loaded = import_module(f"{module}.{home}")
        return getattr(loaded, function) if function else loaded

    return __getattr__


def refuse_keyword(function: Callable[..., Any], name: str, given: Iterable[str]) -> None:
    """TypeError if one of the keywords `given` is none of `function`'s; the text calls it `name`.

    >>> refuse_keyword(missing, "missing", ["modul"])
    Traceback (most recent call last):
        ...
    TypeError: missing() got an unexpected keyword argument 'modul'; did you mean 'module'?
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # written in C
        return
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    known = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "self"]
    for keyword in given:
        if keyword not in known:
            _unexpected(name, keyword, known)


def _unexpected(name: str, keyword: str, known: list[str]) -> NoReturn:
    near = hint(keyword, known)
    near = near or (f"; it takes {', '.join(known)}" if known else "; it takes none")
    raise TypeError(f"{name}() got an unexpected keyword argument {keyword!r}{near}")


class _Signature:
    """The signature of a class is that of its `__init__`, wherever it inherits it from."""

    def __get__(self, instance: Any, owner: Any) -> inspect.Signature:
        if instance is not None or owner.__new__ is not NamesKeywords.__new__:
            raise AttributeError("__signature__")  # inspect finds it
        signature = inspect.signature(owner.__init__)
        return signature.replace(parameters=list(signature.parameters.values())[1:])


class NamesKeywords(ToldAgain):
    """A class whose constructor answers a misspelt keyword with the nearest one, and a wrong argument with its name."""

    if sys.version_info < (3, 11, 3):  # where inspect prefers `__new__` to an inherited `__init__`
        __signature__ = _Signature()

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """An empty instance; `__init__` does the rest."""
        if kwargs:
            refuse_keyword(cls.__init__, cls.__name__, kwargs)
        if (args or kwargs) and cls.__init__ is object.__init__:  # which checks nothing for a class with `__new__`
            raise TypeError(f"{cls.__name__}() takes no arguments")
        return super().__new__(cls)
