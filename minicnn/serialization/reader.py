"""Reading the pickle of a .pth file without running anything that stands in it.

A pickle is a program for a small stack machine, and two of its instructions do whatever the file says: GLOBAL
fetches any function by name, REDUCE calls it. So this is no such machine. It knows the 31 instructions with which
PyTorch writes data; GLOBAL looks a name up in a list of twenty and some, and what it finds there is never a
function of Python, only a note; REDUCE hands the note and its arguments to a rule of ours, which checks every
argument and makes the value. Whatever is not on a list is refused by name. (The user may put a class of his own on
the list: allowed.py.)

Size is bounded before it exists. Tensors are views of the archive's entries, which are no larger than the file.
The Python objects around them are bounded by LARGEST and MOST_STEPS; and values of which an instruction makes a
copy (sets, texts turned into bytes) may be, all together, no larger than the pickle: a file cannot name a long
value once and have it copied a million times.

Sources: Python's pickletools for the instructions; the file format, as PyTorch 2.13 writes it.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

from minicnn.autograd.hook import Hooks
from minicnn.serialization import allowed
from minicnn.serialization.errors import LoadError
from minicnn.serialization.storage import Storage, Storages
from minicnn.serialization.values import Budget, Maker, StorageKind, checked, checked_key, found, is_size

LARGEST = 1 << 26  # bytes of the pickle: all but the numbers of the tensors
MOST_STEPS = 1_500_000  # instructions of it


class Reader:
    """One reading: `Reader(pickle, storages).read()`."""

    def __init__(self, data: bytes, storages: Storages) -> None:
        if len(data) > LARGEST:
            raise LoadError(f"what it holds beside tensors takes {len(data):,} bytes; at most {LARGEST:,} are read")
        self.data = data
        self.storages = storages
        self.at = 0
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []  # the stacks below each mark
        self.memo: dict[int, Any] = {}
        self.budget = Budget(len(data))

    def read(self) -> Any:
        """The object that the pickle describes; LoadError for one that is damaged or asks for anything else."""
        try:
            return self._read()
        except (IndexError, KeyError, struct.error, UnicodeDecodeError):
            raise LoadError("its pickle is damaged") from None

    def _read(self) -> Any:
        data = self.data
        for _ in range(MOST_STEPS):
            code = data[self.at]
            self.at += 1
            if code == _STOP:
                if self.marked or len(self.stack) != 1:
                    raise LoadError("its pickle is damaged")
                return checked(self.stack[0])
            step = _STEPS.get(code)
            if step is None:
                raise LoadError(_refused_instruction(code))
            step(self)
        raise LoadError(
            f"it holds more than {MOST_STEPS:,} numbers, texts and containers beside its tensors; "
            "keep long lists of numbers as tensors"
        )

    def storage(self, what: Any) -> Storage:
        """The memory of a tensor that `what` describes: ("storage", kind, key, device, how many numbers).

        Files of PyTorch before 1.6 have a sixth item: None, or (key, offset, how many numbers) of a part of it.
        """
        if not isinstance(what, tuple) or len(what) not in (5, 6) or what[0] != "storage":
            raise LoadError("it refers to something outside that is no memory of a tensor")
        _, kind, key, place, count, *part = what
        if not isinstance(kind, StorageKind) or type(key) is not str or type(place) is not str or not is_size(count):
            raise LoadError("its description of a tensor's memory is damaged")
        storage = self.storages.get(kind.dtype, key, place, count)
        if part in ([], [None]):
            return storage
        if type(part[0]) is not tuple or len(part[0]) != 3 or not all(map(is_size, part[0][1:])):
            raise LoadError("its description of a part of a tensor's memory is damaged")
        return storage.part(*part[0][1:])

    def make(self, maker: Any, *arguments: Any) -> Any:
        """The value that `maker` stands for with these arguments."""
        if not isinstance(maker, Maker):
            raise LoadError("it calls what is no function of the list")
        return maker.rule(self.budget, arguments)

    # --- what the instructions need ---------------------------------------------------------------

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self.at + count
        if end > len(self.data):
            raise LoadError("its pickle is cut off")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def number(self, kind: struct.Struct) -> Any:
        """The next number."""
        (value,) = kind.unpack(self.take(kind.size))
        return value

    def line(self) -> str:
        """The text up to the end of the line."""
        end = self.data.find(b"\n", self.at, self.at + 512)
        if end < 0:
            raise LoadError("its pickle is damaged")
        text = self.data[self.at : end].decode("utf-8")
        self.at = end + 1
        return text

    def since_mark(self) -> list[Any]:
        """What lies on the stack above the last mark, taken off with the mark."""
        items, self.stack = self.stack, self.marked.pop()
        return items


# --- the instructions -------------------------------------------------------------------------------

_BYTE, _SHORT, _INT, _LONG = struct.Struct("<B"), struct.Struct("<H"), struct.Struct("<i"), struct.Struct("<I")
_DOUBLE = struct.Struct(">d")
_STOP = ord(".")


def _protocol(reader: Reader) -> None:
    found = reader.number(_BYTE)
    if found != 2:
        raise LoadError(
            f"its pickle is of protocol {found}; only protocol 2, PyTorch's default, is read: "
            "save it with pickle_protocol=2"
        )


def _push(value: Any) -> Callable[[Reader], None]:
    return lambda reader: reader.stack.append(value)


def _push_new(kind: type) -> Callable[[Reader], None]:
    return lambda reader: reader.stack.append(kind())


def _push_number(kind: struct.Struct) -> Callable[[Reader], None]:
    return lambda reader: reader.stack.append(reader.number(kind))


def _long_integer(reader: Reader) -> None:
    reader.stack.append(int.from_bytes(reader.take(reader.number(_BYTE)), "little", signed=True))


def _text(reader: Reader) -> None:
    reader.stack.append(reader.take(reader.number(_LONG)).decode("utf-8", "surrogatepass"))


def _text_of_python_2(reader: Reader) -> None:
    reader.stack.append(reader.take(reader.number(_BYTE)).decode("utf-8"))


def _remember(kind: struct.Struct) -> Callable[[Reader], None]:
    def step(reader: Reader) -> None:
        reader.memo[reader.number(kind)] = reader.stack[-1]

    return step


def _recall(kind: struct.Struct) -> Callable[[Reader], None]:
    return lambda reader: reader.stack.append(reader.memo[reader.number(kind)])


def _mark(reader: Reader) -> None:
    reader.marked.append(reader.stack)
    reader.stack = []


def _tuple(reader: Reader) -> None:
    items = tuple(reader.since_mark())
    reader.stack.append(items)


def _tuple_of(count: int) -> Callable[[Reader], None]:
    def step(reader: Reader) -> None:
        items = tuple(reader.stack.pop() for _ in range(count))
        reader.stack.append(items[::-1])

    return step


def _append(reader: Reader) -> None:
    item = reader.stack.pop()
    _list(reader).append(item)


def _append_all(reader: Reader) -> None:
    items = reader.since_mark()
    _list(reader).extend(items)


def _list(reader: Reader) -> Any:
    target = reader.stack[-1]
    if type(target) is not list and not allowed.is_allowed(type(target)):
        raise LoadError("it appends to what is no list")
    return target


def _set_item(reader: Reader) -> None:
    value, key = reader.stack.pop(), reader.stack.pop()
    _set(reader, [key, value])


def _set_items(reader: Reader) -> None:
    items = reader.since_mark()
    _set(reader, items)


def _set(reader: Reader, items: list[Any]) -> None:
    target = reader.stack[-1]
    known = type(target) in (dict, OrderedDict, Counter, Hooks) or allowed.is_allowed(type(target))
    if not known or len(items) % 2:
        raise LoadError("it sets items of what is no dict")
    for key, value in zip(items[::2], items[1::2], strict=True):
        target[checked_key(key)] = value


def _global(reader: Reader) -> None:
    module, name = reader.line(), reader.line()
    reader.stack.append(found(module, name))


def _storage(reader: Reader) -> None:
    reader.stack.append(reader.storage(reader.stack.pop()))


def _reduce(reader: Reader) -> None:
    arguments, maker = reader.stack.pop(), reader.stack.pop()
    if type(arguments) is not tuple:
        raise LoadError("it calls a function with what are no arguments")
    reader.stack.append(reader.make(maker, *arguments))


def _new(reader: Reader) -> None:
    arguments, maker = reader.stack.pop(), reader.stack.pop()
    if not isinstance(maker, Maker) or not isinstance(maker.kind, type) or type(arguments) is not tuple:
        raise LoadError("it makes an instance of what is no class that you have allowed")
    reader.stack.append(maker.kind.__new__(maker.kind, *arguments))


def _build(reader: Reader) -> None:
    state, target = reader.stack.pop(), reader.stack[-1]
    if allowed.is_allowed(type(target)):
        allowed.set_state(target, state)
        return
    metadata = state.get("_metadata") if type(state) is dict and len(state) == 1 else None
    if type(target) is not OrderedDict or not isinstance(metadata, dict):
        raise LoadError("it sets attributes of an object, which only a state_dict's `_metadata` may be")
    target._metadata = metadata  # type: ignore[attr-defined]


_STEPS: dict[int, Callable[[Reader], None]] = {
    ord(code): step
    for code, step in {
        "\x80": _protocol,
        "N": _push(None), "\x88": _push(True), "\x89": _push(False),
        "K": _push_number(_BYTE), "M": _push_number(_SHORT), "J": _push_number(_INT), "\x8a": _long_integer,
        "G": _push_number(_DOUBLE), "X": _text, "U": _text_of_python_2,
        ")": _push(()), "]": _push_new(list), "}": _push_new(dict),
        "(": _mark, "t": _tuple, "\x85": _tuple_of(1), "\x86": _tuple_of(2), "\x87": _tuple_of(3),
        "a": _append, "e": _append_all, "s": _set_item, "u": _set_items,
        "q": _remember(_BYTE), "r": _remember(_LONG), "h": _recall(_BYTE), "j": _recall(_LONG),
        "c": _global, "Q": _storage, "R": _reduce, "b": _build, "\x81": _new,
    }.items()
}  # fmt: skip


def _refused_instruction(code: int) -> str:
    import pickletools

    name = next((opcode.name for opcode in pickletools.opcodes if ord(opcode.code) == code), None)
    if name is None:
        return f"its pickle is damaged: there is no instruction {code}"
    return f"its pickle has the instruction {name}, with which PyTorch writes no tensors, and which is not followed"
