"""Modules that hold modules: Sequential, ModuleList, ModuleDict, ParameterList."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import chain, groupby
from typing import Any, TypeVar

from minicnn.autograd.tensor import Tensor
from minicnn.nn.module import Module, indented
from minicnn.nn.parameter import Parameter

S = TypeVar("S", bound="Sequential")
L = TypeVar("L", bound="ModuleList")
P = TypeVar("P", bound="ParameterList")


def place(index: Any, length: int) -> int:
    """`index` counted from the front; IndexError outside the list."""
    number = operator.index(index)
    if not -length <= number < length:
        raise IndexError(f"index {number} is out of range")
    return number % length


class _Listed(Module):
    """What Sequential and ModuleList share: modules in a row, named by their place or by the user."""

    def _key(self, index: Any) -> str:
        return list(self._modules)[place(index, len(self))]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._key(index), module)

    def __delitem__(self, index: int | slice) -> None:
        for key in list(self._modules)[index] if isinstance(index, slice) else [self._key(index)]:
            delattr(self, key)
        self._number(list(self._modules.values()))

    def _number(self, modules: Iterable[Module]) -> None:
        self.__dict__["_modules"] = {str(i): module for i, module in enumerate(modules)}

    def pop(self, key: int | slice) -> Any:
        """Take out the module (or modules) at `key` and return it."""
        taken = self[key]  # type: ignore[index]
        del self[key]
        return taken


class Sequential(_Listed):
    """The modules one after the other: `Sequential(a, b)(x)` is `b(a(x))`.

    Takes modules, or one OrderedDict of named modules. Indexing gives a module, slicing a Sequential
    that shares the modules.

    >>> from minicnn import nn
    >>> nn.Sequential(nn.Flatten(), nn.ReLU())
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): ReLU()
    )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            for index, module in enumerate(args):
                self.add_module(str(index), module)

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)(OrderedDict(list(self._modules.items())[idx]))
        return self._modules[self._key(idx)]

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *_sequential(other))

    def __iadd__(self: S, other: Sequential) -> S:
        return self.extend(list(_sequential(other)))

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*(list(self) * _times(self, other)))

    __rmul__ = __mul__

    def __imul__(self: S, other: int) -> S:
        return self.extend(list(self) * (_times(self, other) - 1))

    def forward(self, input: Any) -> Any:
        """The input through all modules in turn."""
        for module in self._modules.values():
            input = module(input)
        return input

    def append(self: S, module: Module) -> S:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def insert(self: S, index: int, module: Module) -> S:
        """Add a module before the one at `index`; the following ones move up a number."""
        if not isinstance(module, Module):
            raise AssertionError(f"module should be of type: {Module}")
        if not -len(self) <= index <= len(self):
            raise IndexError(f"Index out of range: {index}")
        index += len(self) if index < 0 else 0
        modules = list(self._modules.values())
        self._number([*modules[:index], module, *modules[index:]])
        return self

    def extend(self: S, sequential: Iterable[Module]) -> S:
        """Add all modules of an iterable at the end."""
        for module in sequential:
            self.append(module)
        return self


def _sequential(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
    return other


def _times(sequential: Any, factor: Any) -> int:
    if not isinstance(factor, int):
        raise TypeError(f"unsupported operand type(s) for *: {type(sequential)} and {type(factor)}")
    if factor <= 0:
        raise ValueError(f"Non-positive multiplication factor {factor} for {type(sequential)}")
    return factor


class ModuleList(_Listed):
    """A list whose modules are registered."""

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)(list(self._modules.values())[idx])
        return self._modules[self._key(idx)]

    def __iadd__(self: L, modules: Iterable[Module]) -> L:
        return self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList(chain(self, other))

    def insert(self, index: int, module: Module) -> None:
        """Add a module before the one at `index`."""
        modules = list(self._modules.values())
        modules.insert(index, module)
        self._number(modules)

    def append(self: L, module: Module) -> L:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self: L, modules: Iterable[Module]) -> L:
        """Add all modules of an iterable at the end."""
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList.extend should be called with an iterable, but got {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def __repr__(self) -> str:
        """As PyTorch's: equal neighbours are shown once, with their number."""
        lines = []
        for text, same in groupby(enumerate(map(repr, self)), key=lambda pair: pair[1]):
            places = [index for index, _ in same]
            first, last = places[0], places[-1]
            line = f"({first}): {text}" if first == last else f"({first}-{last}): {len(places)} x {text}"
            lines.append("\n  " + indented(line))
        return f"{self._get_name()}({''.join(lines)}\n)" if lines else f"{self._get_name()}()"


class ModuleDict(Module):
    """A dict whose modules are registered; its order is that of insertion."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> ValuesView[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> ItemsView[str, Any]:
        """(name, module) pairs."""
        return self._modules.items()

    def clear(self) -> None:
        """Take out all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Take out the module `key` and return it."""
        return self._modules.pop(key)

    def update(self, modules: Any) -> None:
        """Add the modules of a mapping or of (name, module) pairs; equal names are replaced."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                "ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        if isinstance(modules, Mapping | ModuleDict):
            pairs = list(modules.items())
        else:
            pairs = [_checked_pair(number, pair) for number, pair in enumerate(modules)]
        for key, module in pairs:
            self[key] = module


def _checked_pair(number: int, pair: Any) -> Any:
    if not isinstance(pair, Iterable):
        raise TypeError(f"ModuleDict update sequence element #{number} should be Iterable; is{type(pair).__name__}")
    pair = tuple(pair)
    if len(pair) != 2:
        raise ValueError(f"ModuleDict update sequence element #{number} has length {len(pair)}; 2 is required")
    return pair


class ParameterList(Module):
    """A list whose tensors are registered as parameters (a Tensor becomes a Parameter); it may hold
    other objects, which are kept as they are."""

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def __getitem__(self, idx: int | slice) -> Any:
        if isinstance(idx, slice):
            return type(self)([self[i] for i in range(*idx.indices(len(self)))])
        return getattr(self, str(place(idx, len(self))))

    def __setitem__(self, idx: int, param: Any) -> None:
        if isinstance(param, Tensor) and not isinstance(param, Parameter):
            param = Parameter(param)
        setattr(self, str(place(idx, len(self))), param)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([self[i] for i in range(len(self))])

    def __iadd__(self: P, parameters: Iterable[Any]) -> P:
        return self.extend(parameters)

    def append(self: P, value: Any) -> P:
        """Add a value at the end."""
        self._size += 1
        self[self._size - 1] = value
        return self

    def extend(self: P, values: Iterable[Any]) -> P:
        """Add all values of an iterable (which is not a Tensor) at the end."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join(f"  ({index}): {_described(value)}" for index, value in enumerate(self))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterList should not be called.")


def _described(value: Any) -> str:
    if not isinstance(value, Tensor):
        return f"Object of type: {type(value).__name__}"
    kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
    where = f" ({value.device})" if value.is_cuda else ""
    return f"{kind} containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}{where}]"
