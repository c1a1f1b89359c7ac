"""The names that a .pth file may ask for, and the rule that makes each one's value.

No rule is a function that the file could name in Python: it takes the arguments that the file gives, checks each of
them, and makes one value of minicnn.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from minicnn.autograd.hook import Hooks
from minicnn.autograd.tensor import Parameter, Size, Tensor
from minicnn.backend import device
from minicnn.serialization import allowed
from minicnn.serialization.errors import LoadError
from minicnn.serialization.names import DTYPES, FOREIGN_DTYPES, STORAGES
from minicnn.serialization.storage import Storage, foreign_dtype, view

TENSOR_COST = 32  # of a tensor, counted as a copy: PyTorch itself takes more bytes to write one


class Budget:
    """How many elements may still be copied."""

    def __init__(self, left: int) -> None:
        self._left = left

    def spend(self, count: int) -> None:
        """Count `count` elements that are about to be copied; LoadError where it becomes too much."""
        self._left -= count
        if self._left < 0:
            raise LoadError("it asks for copies of its values that are larger than itself")


Rule = Callable[[Budget, tuple[Any, ...]], Any]


class Maker(NamedTuple):
    """What stands on the stack for a function or class of the list, until REDUCE asks its rule for a value.

    `kind` is a class of which NEWOBJ may make instances: those that the user allows, and none of the list.
    """

    name: str
    rule: Rule
    kind: Any = None


class StorageKind(NamedTuple):
    """What stands on the stack for one of PyTorch's storage classes."""

    dtype: str


def found(module: str, name: str) -> Any:
    """What stands for the global `module.name`; LoadError if it is not on the list."""
    module = {"__builtin__": "builtins"}.get(module, module)  # as Python 2 called it, and protocol 2 does
    if module == "torch" and name in DTYPES:
        return DTYPES[name]
    if module == "torch" and name in STORAGES:
        return StorageKind(STORAGES[name])
    if module == "torch" and name in FOREIGN_DTYPES:
        raise foreign_dtype(name)
    full = f"{module}.{name}"
    if full == "torch._utils._rebuild_tensor_v3":  # PyTorch writes the newer number types with it, and no others
        raise foreign_dtype("uint16, uint32, uint64 or float8")
    kind = allowed.lookup(module, name)
    if kind is not None:
        return Maker(full, lambda budget, arguments: kind(*map(_itself, arguments)), kind)
    if full not in RULES:
        raise LoadError(f"it asks for {full}, which is not one of the names that may be loaded. {_way_out(module)}")
    return Maker(full, RULES[full])


def _itself(argument: Any) -> Any:
    """An argument of an allowed function: of a class that is allowed, too, the class (as in defaultdict(list))."""
    return argument.kind if isinstance(argument, Maker) and argument.kind is not None else argument


def _way_out(module: str) -> str:
    if module.partition(".")[0] == "torch":
        return (
            "In PyTorch, save what is data: of a model, `model.state_dict()`; "
            "of a sparse or quantised tensor, a plain one"
        )
    return (
        "It is a class or a function, not data: save what it holds (of a model, `model.state_dict()`; of a NumPy "
        "number, `float(number)`). `serialization.add_safe_globals([…])` lets files name a class that you know to be "
        "harmless; `weights_only=False` loads it, and runs whatever code is in the file: only if you trust whoever "
        "made it"
    )


def checked(result: Any) -> Any:
    """`result`, if notes of the reader are nowhere in it (a file that holds a storage or a class as a value)."""
    seen: set[int] = set()
    waiting = [result]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Maker):
            raise LoadError(f"it holds {value.name} itself, which is not data")
        if isinstance(value, Storage | StorageKind):
            raise LoadError("it holds a storage by itself: save the tensor")
        if isinstance(value, list | tuple | dict) and id(value) not in seen:
            seen.add(id(value))
            waiting.extend(value.values() if isinstance(value, dict) else value)
            waiting.append(getattr(value, "_metadata", None))
    return result


def checked_key(key: Any) -> Any:
    """`key`, if a dict of a file may have it: text, a number, None, or a short tuple of those.

    Others could be made so that all of them have one hash, and a dict of them takes hours.
    """
    parts = key if type(key) is tuple and len(key) <= 8 else (key,)
    for part in parts:
        fits = type(part) in (str, bytes, float, bool, type(None)) or type(part) is device
        if not fits and not (type(part) is int and -(1 << 63) <= part < 1 << 63):
            raise LoadError(f"it has a {type(part).__name__} as the key of a dict or as a member of a set")
    return key


def is_size(value: Any) -> bool:
    """Whether it is a length or a place: a whole number that is not negative and fits in 64 bits."""
    return type(value) is int and 0 <= value < 1 << 63


def _wrong(name: str) -> LoadError:
    return LoadError(f"its call of {name} has arguments that PyTorch does not write")


def _tensor(budget: Budget, arguments: tuple[Any, ...]) -> Tensor:
    budget.spend(TENSOR_COST)
    if len(arguments) == 7 and not arguments[6]:  # an empty note of conjugation and negation
        arguments = arguments[:6]
    if len(arguments) != 6:
        raise _wrong("_rebuild_tensor_v2")
    storage, offset, size, stride, requires_grad, _ = arguments
    size = tuple(size) if type(size) is Size else size
    whole = isinstance(storage, Storage) and is_size(offset) and type(size) is tuple and type(stride) is tuple
    if not whole or len(size) != len(stride) or not all(map(is_size, size + stride)):
        raise _wrong("_rebuild_tensor_v2")
    array = view(storage, offset, size, stride)
    if type(requires_grad) is not bool or (requires_grad and array.dtype.kind != "f"):
        raise LoadError(f"it has a tensor of type {array.dtype} that requires grad")
    return Tensor(array, requires_grad)


def _parameter(budget: Budget, arguments: tuple[Any, ...]) -> Parameter:
    budget.spend(TENSOR_COST)
    if len(arguments) != 3 or type(arguments[0]) is not Tensor or type(arguments[1]) is not bool:
        raise _wrong("_rebuild_parameter")
    data, requires_grad, _ = arguments
    if requires_grad and data._array.dtype.kind != "f":
        raise LoadError(f"it has a parameter of type {data.dtype.name} that requires grad")
    return Parameter(data, requires_grad)


def _size(budget: Budget, arguments: tuple[Any, ...]) -> Size:
    if len(arguments) != 1 or type(arguments[0]) is not tuple or not all(map(is_size, arguments[0])):
        raise _wrong("torch.Size")
    budget.spend(len(arguments[0]))
    return Size(arguments[0])


def _device(budget: Budget, arguments: tuple[Any, ...]) -> device:
    if not 1 <= len(arguments) <= 2 or type(arguments[0]) is not str or not all(map(is_size, arguments[1:])):
        raise _wrong("torch.device")
    try:
        return device(*arguments)
    except RuntimeError as error:
        raise LoadError(f"it names a device that minicnn does not have: {error}") from None


def _ordered_dict(budget: Budget, arguments: tuple[Any, ...]) -> OrderedDict[Any, Any]:
    if arguments:
        raise _wrong("collections.OrderedDict")
    return OrderedDict()


def _counter(budget: Budget, arguments: tuple[Any, ...]) -> Counter[Any]:
    if len(arguments) != 1 or type(arguments[0]) is not dict:
        raise _wrong("collections.Counter")
    budget.spend(len(arguments[0]))
    return Counter(arguments[0])


def _members(budget: Budget, arguments: tuple[Any, ...]) -> set[Any]:
    if len(arguments) != 1 or type(arguments[0]) is not list:
        raise _wrong("builtins.set")
    budget.spend(len(arguments[0]))
    return {checked_key(item) for item in arguments[0]}


def _bytes(budget: Budget, arguments: tuple[Any, ...]) -> bytes:
    if len(arguments) != 2 or type(arguments[0]) is not str or arguments[1] != "latin1":
        raise _wrong("_codecs.encode")
    budget.spend(len(arguments[0]))
    try:
        return arguments[0].encode("latin1")
    except UnicodeEncodeError:
        raise _wrong("_codecs.encode") from None


def _byte_array(budget: Budget, arguments: tuple[Any, ...]) -> bytearray:
    if len(arguments) == 2 and arguments[1] == "latin-1":  # how protocol 2 writes one
        arguments = (_bytes(budget, (arguments[0], "latin1")),)
    if not arguments:
        return bytearray()
    if len(arguments) != 1 or type(arguments[0]) is not bytes:
        raise _wrong("builtins.bytearray")
    budget.spend(len(arguments[0]))
    return bytearray(arguments[0])


def _hooks(budget: Budget, arguments: tuple[Any, ...]) -> Hooks:
    if arguments:
        raise _wrong("Hooks")
    return Hooks()


def _complex(budget: Budget, arguments: tuple[Any, ...]) -> complex:
    if len(arguments) != 2 or not all(type(part) is float for part in arguments):
        raise _wrong("builtins.complex")
    return complex(*arguments)


RULES: dict[str, Rule] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": _parameter,
    "torch.Size": _size,
    "torch.device": _device,
    "collections.OrderedDict": _ordered_dict,
    "collections.Counter": _counter,
    "minicnn.autograd.hook.Hooks": _hooks,  # a Module has some, mostly empty
    "builtins.set": _members,
    "builtins.bytearray": _byte_array,
    "builtins.complex": _complex,
    "_codecs.encode": _bytes,
}
