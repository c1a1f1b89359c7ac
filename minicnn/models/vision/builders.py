"""The networks by name: what their functions have in common, and `get_model`, `list_models`."""

from __future__ import annotations

import fnmatch
import functools
import inspect
import warnings
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, TypeVar

from minicnn.nn.module import Module
from minicnn.suggest import hint

M = TypeVar("M", bound=Module)

_BUILDERS: dict[str, Callable[..., Module]] = {}
_KEYWORD = inspect.Parameter.KEYWORD_ONLY
_COMMON = (
    inspect.Parameter("weights", _KEYWORD, default=None),
    inspect.Parameter("progress", _KEYWORD, default=True),
)


def builder(function: Callable[..., M]) -> Callable[..., M]:
    """List `function`, which builds a network, and give it torchvision's arguments `weights` and `progress`.

    Asking for weights is a NotImplementedError that says how to load a file that one has: minicnn downloads none.
    """

    @functools.wraps(function)
    def build(*old: Any, **options: Any) -> M:
        if len(old) > len(_COMMON):
            raise TypeError(
                f"{function.__name__}() takes keyword arguments (weights, progress, and those of its class), "
                f"got {len(old)} without a name"
            )
        if old:
            given = [parameter.name for parameter in _COMMON[: len(old)]]
            quoted = " and ".join(f"'{name}'" for name in given)
            warnings.warn(
                f"Using {quoted} as positional parameter(s) is deprecated since 0.13 and may be removed in the "
                "future. Please use keyword parameter(s) instead.",
                stacklevel=2,
            )
            options.update(zip(given, old, strict=True))
        _refuse_weights(function.__name__, options)
        options.pop("progress", None)
        return function(**options)

    build.__signature__ = inspect.signature(function).replace(  # type: ignore[attr-defined]
        parameters=[*_COMMON, *inspect.signature(function).parameters.values()]
    )
    _BUILDERS[function.__name__] = build
    return build


def _refuse_weights(name: str, options: dict[str, Any]) -> None:
    """Take `weights` and the older `pretrained` out of `options`; NotImplementedError if they ask for any."""
    old = "pretrained" in options
    asked = options.pop("pretrained") if old else None
    weights = options.pop("weights", None)
    if asked or (weights is not None and weights is not False):
        argument, value = ("pretrained", asked) if asked else ("weights", weights)
        raise NotImplementedError(
            f"`{argument}`={value!r} asks for pre-trained weights, and minicnn downloads none, expected "
            f"{'False' if asked else 'None'}. If you have the file (torchvision keeps its own in "
            f"~/.cache/torch/hub/checkpoints/{name}-*.pth), load it: "
            f'model = {name}(); model.load_state_dict(minicnn.load("{name}.pth"))'
        )
    if old:
        warnings.warn(
            "The parameter 'pretrained' is deprecated since 0.13 and may be removed in the future, please use "
            "'weights' instead.",
            stacklevel=3,
        )
    if old or weights is False:
        warnings.warn(
            "Arguments other than a weight enum or `None` for 'weights' are deprecated since 0.13 and may be removed "
            "in the future. The current behavior is equivalent to passing `weights=None`.",
            stacklevel=3,
        )


def with_fixed(options: dict[str, Any], **fixed: Any) -> dict[str, Any]:
    """`options` and what a network's name says already; ValueError if they contradict each other."""
    for name, value in fixed.items():
        if options.get(name, value) != value:
            raise ValueError(f"The parameter '{name}' expected value {value} but got {options[name]} instead.")
    return {**options, **fixed}


def list_models(
    module: ModuleType | None = None,
    include: Iterable[str] | str | None = None,
    exclude: Iterable[str] | str | None = None,
) -> list[str]:
    """The names for `get_model`, sorted: those that fit one of the patterns `include` and none of `exclude`.

    >>> list_models(include="resnet*", exclude=["*101", "*152"])
    ['resnet18', 'resnet34', 'resnet50']
    """
    names = {name for name, build in _BUILDERS.items() if module is None or _is_in(build, module)}
    if include:
        names = _fitting(names, include)
    return sorted(names - _fitting(names, exclude or ()))


def _is_in(build: Callable[..., Module], module: ModuleType) -> bool:
    return getattr(module, build.__name__, None) is build


def _fitting(names: set[str], patterns: Iterable[str] | str) -> set[str]:
    patterns = [patterns] if isinstance(patterns, str) else patterns
    return {name for pattern in patterns for name in fnmatch.filter(names, pattern)}


def get_model_builder(name: str) -> Callable[..., Module]:
    """The function that builds the network of this name; ValueError, with the nearest name, for an unknown one."""
    try:
        return _BUILDERS[name.lower()]
    except KeyError:
        raise ValueError(f"Unknown model {name.lower()}{hint(name, _BUILDERS)}") from None


def get_model(name: str, **config: Any) -> Module:
    """The network of this name: `get_model("resnet18", num_classes=10)` is `resnet18(num_classes=10)`."""
    return get_model_builder(name)(**config)
