"""No file can run code or exhaust memory: malicious .pth, .npz and .safetensors files, made systematically.

Every case is a whole archive, so that nothing but the one thing under test can be what it is refused for. The
pickles are written byte by byte here: neither minicnn's writer nor PyTorch's has a part in them.
"""

from __future__ import annotations

import builtins
import io
import pickletools
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

import minicnn
from minicnn.serialization import LoadError, load_file, reader

FLOATS = np.arange(4, dtype=np.float32).tobytes()


def archive(pickled, entries=None, compression=zipfile.ZIP_STORED, folder="x"):
    """A .pth file with this pickle and these entries (the memory of four numbers unless you say)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as result:
        result.writestr(f"{folder}/data.pkl", pickled)
        for name, data in ({"data/0": FLOATS} if entries is None else entries).items():
            result.writestr(f"{folder}/{name}", data)
        result.writestr(f"{folder}/version", b"3\n")
    return file.getvalue()


def text(value):
    """The instruction that pushes a text."""
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def number(value):
    """The instruction that pushes a whole number."""
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def storage(kind="torch\nFloatStorage\n", key="0", count=4, place="cpu", what="storage"):
    """The instructions that fetch a storage."""
    return b"(" + text(what) + b"c" + kind.encode() + text(key) + text(place) + number(count) + b"tQ"


def tensor(size=(4,), stride=(1,), offset=0, memory=None, grad=b"\x89", more=b""):
    """The instructions that make a tensor."""
    sizes, strides = (b"(" + b"".join(map(number, numbers)) + b"t" for numbers in (size, stride))
    rest = number(offset) + sizes + strides + grad + b"ccollections\nOrderedDict\n)R" + more
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + (storage() if memory is None else memory) + rest + b"tR"


def whole(body):
    """A pickle of protocol 2."""
    return b"\x80\x02" + body + b"."


def refused(data, load=minicnn.load, text=None):
    """`data` (a file's bytes, or its path for `load_file`) is refused, and neither time nor memory are spent on it."""
    length = len(data) if load is minicnn.load else data.stat().st_size
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(LoadError, match=text):
            load(io.BytesIO(data) if load is minicnn.load else data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * length + (1 << 22), f"{peak:,} bytes for a file of {length:,}"
    assert time.process_time() - start < 5  # tracemalloc makes it several times slower
    return True


def test_the_plain_case_loads():
    found = minicnn.load(io.BytesIO(archive(whole(tensor()))))
    assert found.tolist() == [0, 1, 2, 3]


# --- instructions -------------------------------------------------------------------------------------

KNOWN = set("\x80NKMJGXU)]}(t\x85\x86\x87aesuqrhjcQRb\x81.\x88\x89\x8a")
ARGUMENTS = {  # of the instructions with one
    "uint1": b"\0", "uint2": b"\0\0", "uint4": b"\0" * 4, "uint8": b"\0" * 8, "int4": b"\0" * 4,
    "string1": b"\1x", "string4": b"\1\0\0\0x", "bytes1": b"\1x", "bytes4": b"\1\0\0\0x",
    "bytes8": b"\1" + b"\0" * 7 + b"x",
    "bytearray8": b"\1" + b"\0" * 7 + b"x", "unicodestring1": b"\1x", "unicodestring4": b"\1\0\0\0x",
    "unicodestring8": b"\1" + b"\0" * 7 + b"x", "unicodestringnl": b"x\n", "stringnl": b"'x'\n",
    "stringnl_noescape": b"x\n", "stringnl_noescape_pair": b"os\nsystem\n", "decimalnl_short": b"1\n",
    "decimalnl_long": b"1L\n", "floatnl": b"1.0\n", "float8": b"\0" * 8, "long1": b"\1\1", "long4": b"\1\0\0\0\1",
}  # fmt: skip
UNKNOWN_CODES = [code for code in range(256) if chr(code) not in {op.code for op in pickletools.opcodes}]


@pytest.mark.parametrize("op", [op for op in pickletools.opcodes if op.code not in KNOWN], ids=lambda op: op.name)
def test_every_other_instruction_is_refused(op):
    argument = b"" if op.arg is None else ARGUMENTS[op.arg.name]
    before = b"((]]]" if op.stack_before else b""
    name = f"instruction {op.name}, with which PyTorch writes no tensors"
    assert refused(archive(whole(before + op.code.encode("latin1") + argument)), text=name)


def test_every_instruction_there_is_was_tried():
    assert {op.code for op in pickletools.opcodes} >= KNOWN
    assert len(pickletools.opcodes) - len(KNOWN) >= 34


@pytest.mark.parametrize("code", UNKNOWN_CODES[::16])
def test_what_is_no_instruction(code):
    assert refused(archive(whole(bytes([code]))), text=f"there is no instruction {code}")


# --- names --------------------------------------------------------------------------------------------

HARMLESS = {"set", "bytearray", "complex"}
BUILTINS = [f"builtins {name}" for name in dir(builtins) if callable(getattr(builtins, name)) and name not in HARMLESS]
DANGEROUS = """\
os system|os popen|os execv|os spawnv|os remove|os rename|os fork|os kill|posix system|posix popen|nt system
subprocess Popen|subprocess run|subprocess call|subprocess check_output|subprocess getoutput|sys exit|sys settrace
shutil rmtree|shutil move|socket socket|socket create_connection|ctypes CDLL|ctypes.util find_library
importlib import_module|importlib reload|importlib.machinery SourceFileLoader|runpy run_path|runpy run_module
runpy _run_code|code interact|code InteractiveInterpreter|codeop compile_command|pty spawn|pdb run|pdb Pdb
bdb Bdb|cProfile run|cProfile runctx|profile run|profile Profile|trace Trace|timeit timeit|timeit main
doctest debug_script|pydoc pipepager|pydoc locate|webbrowser open|urllib.request urlopen|urllib.request urlretrieve
http.client HTTPSConnection|smtplib SMTP|ftplib FTP|requests get|requests.api post|aiohttp.client ClientSession
asyncio.subprocess create_subprocess_shell|multiprocessing.util spawnv_passfds|ensurepip _run_pip|ensurepip bootstrap
pip main|pip._internal main|venv create|idlelib.pyshell ModifiedInterpreter|idlelib.run Executive
lib2to3.pgen2.pgen ParserGenerator|lib2to3.pgen2.grammar Grammar|zipimport zipimporter|imp load_source
operator attrgetter|operator itemgetter|operator methodcaller|_operator methodcaller|functools partial|functools reduce
itertools starmap|types CodeType|types FunctionType|types SimpleNamespace|inspect getattr_static|copyreg _reconstructor
copyreg __newobj__|copyreg add_extension|copy_reg _reconstructor|pickle loads|pickle load|pickle Unpickler|_pickle loads
_pickle Unpickler|marshal loads|dill loads|cloudpickle loads|joblib load|shelve open|dbm open|sqlite3 connect
tempfile NamedTemporaryFile|pathlib Path|io open|io FileIO|_io FileIO|codecs open|_codecs decode|_codecs lookup
linecache getline|signal raise_signal|threading Thread|_thread start_new_thread|atexit register|gc get_objects
weakref ref|collections namedtuple|collections defaultdict|collections deque|datetime datetime|decimal Decimal
__main__ Net|builtins.object __subclasses__|torch load|torch save|torch.serialization load|torch.jit load
torch.hub load|torch.hub load_state_dict_from_url|torch.storage _load_from_bytes|torch._utils _rebuild_qtensor
torch._utils _rebuild_sparse_tensor|torch._utils _rebuild_wrapper_subclass|torch.nn.utils.rnn PackedSequence
torch._tensor _rebuild_from_type_v2|torch.nn Module|torch.nn.modules.linear Linear|torch.nn.parameter Parameter
torch.fx.graph_module _forward_from_src|torch._inductor.codecache compile_file|torch.utils.cpp_extension load
torch.distributed.rpc remote|torch.utils.bottleneck.__main__ run_cprofile|torch Tensor|torch tensor|torch from_file
torch.package PackageImporter|torch.utils.data.datapipes.utils.decoder basichandlers|torch._dynamo.guards GuardBuilder
torch.ops load_library|torch.classes load_library|minicnn load|minicnn.serialization load|minicnn.train main
minicnn.nn.linear Linear|minicnn.autograd.tensor Tensor|numpy load|numpy memmap|numpy fromfile|numpy ndarray|numpy dtype
numpy core|numpy.core.multiarray _reconstruct|numpy.core.multiarray scalar|numpy._core.multiarray scalar
numpy.f2py.crackfortran getlincoef|numpy.f2py.crackfortran _eval_length|numpy.testing._private.utils runstring
numpy.lib.npyio NpzFile|sklearn.externals joblib|pandas read_pickle|pandas eval|tensorflow function|keras.layers Lambda
commands getoutput|__builtin__ eval|__builtin__ execfile|__builtin__ getattr|__builtin__ apply|__builtin__ file
platform popen|popen2 Popen3|compileall compile_file|py_compile compile|distutils.file_util write_file
os.path join|nturl2path url2pathname|email.message_from_string message_from_string|xml.sax parse|logging.config listen
uuid _get_command_stdout|test.support.script_helper assert_python_ok|site main|sysconfig get_config_vars
wsgiref.simple_server make_server|xmlrpc.client ServerProxy|telnetlib Telnet|tkinter Tk|turtle done|antigravity geohash
"""
NAMES = [*BUILTINS, *(name for line in DANGEROUS.splitlines() for name in line.split("|"))]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.replace(" ", "."))
def test_every_other_name_is_refused_by_its_name(name):
    module, _, function = name.partition(" ")
    call = f"c{module}\n{function}\n".encode() + text("touch bait") + b"\x85R"
    shown = name.replace("__builtin__", "builtins").replace(" ", ".").replace("(", r"\(")
    assert refused(archive(whole(call)), text=f"asks for {shown}, which is not one of the names")
    assert refused(archive(whole(b"]" + call + b"a")), text="which is not one of the names")


def test_nothing_ran(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ways = [  # every way to a function that pickle has
        b"cos\nsystem\n" + text("touch bait") + b"\x85R",
        b"(" + text("touch bait") + b"ios\nsystem\n",
        b"(cos\nsystem\n" + text("touch bait") + b"o",
        text("os") + text("system") + b"\x93" + text("touch bait") + b"\x85R",
        b"csubprocess\nPopen\n" + text("touch bait") + b"\x85\x81",
        b"csubprocess\nPopen\n" + text("touch bait") + b"\x85}\x92",
        b"ccollections\nOrderedDict\n)R}" + text("__setstate__") + b"cos\nsystem\nsb" + text("touch bait") + b"b",
        tensor(more=b"cos\nsystem\n" + text("touch bait") + b"\x85R"),
        b"("
        + text("storage")
        + b"cos\nsystem\n"
        + text("touch bait")
        + b"\x85R"
        + text("0")
        + text("cpu")
        + number(4)
        + b"tQ",
        b"ctorch\nSize\ncos\nsystem\n\x85R",
        b"\x82\x01",
        b"Vtouch bait\nios\nsystem\n",
    ]
    for way in ways:
        assert refused(archive(whole(way)))
    assert list(tmp_path.iterdir()) == []


def test_long_and_odd_names():
    for name in (b"x" * 10_000, b"os\x00system", b"\xff\xfe", b"", "🙂".encode()):
        assert refused(archive(whole(b"c" + name + b"\n" + name + b"\n")))
    assert refused(archive(b"\x80\x02cos"), text="damaged")


# --- values that nobody writes ------------------------------------------------------------------------

WRONG_CALLS = {
    "a tensor of no storage": tensor(memory=text("x")),
    "a tensor of a list": tensor(memory=b"]"),
    "a storage of a wrong kind": tensor(memory=storage(kind="collections\nOrderedDict\n")),
    "a storage of a text": b"(" + text("storage") + text("FloatStorage") + text("0") + text("cpu") + number(4) + b"tQ",
    "another persistent thing": tensor(memory=storage(what="module")),
    "a persistent text": text("storage") + b"Q",
    "a storage that is a dict": b"}Q",
    "negative offset": tensor(offset=-1),
    "negative size": tensor(size=(-4,)),
    "two negative sizes": tensor(size=(-2, -2), stride=(1, 1)),
    "negative stride": tensor(stride=(-1,), offset=3),
    "negative count": tensor(memory=storage(count=-4)),
    "negative count of no bytes": tensor(size=(0,), memory=storage(count=-1)),
    "beyond the end": tensor(size=(5,)),
    "offset beyond the end": tensor(offset=1),
    "offset far beyond": tensor(offset=2**62),
    "an empty one far beyond": tensor(size=(0,), offset=2**62),
    "stride beyond the end": tensor(stride=(2,)),
    "stride far beyond": tensor(size=(2,), stride=(2**62,)),
    "strides that overflow": tensor(size=(2, 2), stride=(2**62, 2**62)),
    "size that overflows": tensor(size=(2**32, 2**32), stride=(0, 0)),
    "an empty size that overflows": tensor(size=(0, 2**62, 2**62), stride=(1, 1, 1)),
    "a huge size": tensor(size=(2**40,)),
    "a huge size of one number": tensor(size=(2**40,), stride=(0,)),
    "a number beyond 64 bits": tensor(size=(2**70,), stride=(0,)),
    "many dimensions": tensor(size=(1,) * 65, stride=(1,) * 65),
    "very many dimensions": tensor(size=(2**62,) * 5_000, stride=(0,) * 5_000),
    "fewer strides": tensor(size=(2, 2), stride=(2,)),
    "a fraction as size": b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage() + b"K\0G" + b"\x40" + b"\0" * 7
    + b"\x85K\1\x85\x89N" + b"tR",
    "a truth as offset": b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage() + b"\x89K\4\x85K\1\x85\x89NtR",
    "a list as size": b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage() + b"K\0]K\4aK\1\x85\x89NtR",
    "a text as requires_grad": tensor(grad=text("yes")),
    "whole numbers with gradient": tensor(grad=b"\x88", memory=storage(kind="torch\nIntStorage\n")),
    "no arguments": b"ctorch._utils\n_rebuild_tensor_v2\n)R",
    "too many arguments": tensor(more=b"NNN"),
    "metadata of conjugation": tensor(more=b"}" + text("conj") + b"\x88s"),
    "arguments that are a list": b"ctorch._utils\n_rebuild_tensor_v2\n]R",
    "an instance of a tensor's maker": b"ctorch._utils\n_rebuild_tensor_v2\n)\x81",
    "an instance of a dict": b"ccollections\nOrderedDict\n)\x81",
    "an instance of a text": text("os.system") + b")\x81",
    "an instance of a type": b"ctorch\nfloat32\n)\x81",
    "hooks of something": b"cminicnn.autograd.hook\nHooks\n]\x85R",
    "a call of a tensor": tensor() + b")R",
    "a call of a text": text("os.system") + text("touch bait") + b"\x85R",
    "a call of a type": b"ctorch\nfloat32\n)R",
    "a call of a storage class": b"ctorch\nFloatStorage\nK\4\x85R",
    "a storage by itself": storage(),
    "a storage in a list": b"]" + storage() + b"a",
    "a class by itself": b"ccollections\nOrderedDict\n",
    "a class in a dict": b"}" + text("a") + b"ctorch._utils\n_rebuild_tensor_v2\ns",
    "a storage class in a tuple": b"ctorch\nFloatStorage\n\x85",
    "a class in a metadata": b"ccollections\nOrderedDict\n)R}" + text("_metadata") + b"}" + text("")
    + storage() + b"ssb",
    "a parameter of a list": b"ctorch._utils\n_rebuild_parameter\n]\x89ccollections\nOrderedDict\n)R\x87R",
    "a parameter of whole numbers": b"ctorch._utils\n_rebuild_parameter\n"
    + tensor(memory=storage(kind="torch\nIntStorage\n")) + b"\x88N\x87R",
    "a parameter of a parameter": b"ctorch._utils\n_rebuild_parameter\nq\0" + tensor()
    + b"\x88N\x87Rq\1h\0h\1\x88N\x87R",
    "attributes of a tensor": tensor() + b"}" + text("x") + b"K\1sb",
    "attributes of a list": b"]}b",
    "other attributes of a dict": b"ccollections\nOrderedDict\n)R}" + text("__class__") + b"}sb",
    "two attributes of a dict": b"ccollections\nOrderedDict\n)R}" + text("_metadata") + b"}s" + text("x") + b"}sb",
    "metadata that is a list": b"ccollections\nOrderedDict\n)R}" + text("_metadata") + b"]sb",
    "items of a list": b"]K\0K\1s",
    "items of a tensor": tensor() + b"K\0K\1s",
    "items of a tuple": b")K\1a",
    "an append to a dict": b"}K\1a",
    "an odd number of items": b"}(K\1u",
    "a list as a key": b"}]K\1s",
    "a tensor as a key": b"}" + tensor() + b"K\1s",
    "a nested tuple as a key": b"})\x85K\1s",
    "a long tuple as a key": b"}(" + b"K\1" * 9 + b"tK\1s",
    "a long number as a key": b"}" + number(2**61 * 2**10) + b"K\1s",
    "a list in a set": b"cbuiltins\nset\n]]a\x85R",
    "a set of a text": b"cbuiltins\nset\n" + text("abc") + b"\x85R",
    "a bytearray of a length": b"cbuiltins\nbytearray\n" + number(2**40) + b"\x85R",
    "a bytearray of a list": b"cbuiltins\nbytearray\n]\x85R",
    "another encoding": b"c_codecs\nencode\n" + text("x") + text("rot13") + b"\x86R",
    "a text that is not latin": b"c_codecs\nencode\n" + text("🙂") + text("latin1") + b"\x86R",
    "a complex of texts": b"cbuiltins\ncomplex\n" + text("1") + text("2") + b"\x86R",
    "a size of texts": b"ctorch\nSize\n" + text("1") + b"\x85\x85R",
    "a size of a length": b"ctorch\nSize\n" + number(2**40) + b"\x85R",
    "a device of a number": b"ctorch\ndevice\nK\1\x85R",
    "a device that is none": b"ctorch\ndevice\n" + text("quantum") + b"\x85R",
    "a device of three": b"ctorch\ndevice\n" + text("cuda") + b"K\1K\1\x87R",
    "items of an ordered dict": b"ccollections\nOrderedDict\n]\x85R",
    "a counter of a list": b"ccollections\nCounter\n]\x85R",
    "a type that minicnn lacks": b"ctorch\ncomplex64\n",
    "a sparse layout": b"ctorch.serialization\n_get_layout\n" + text("torch.sparse_coo") + b"\x85R",
    "a storage on a device that is none": tensor(memory=storage(place="quantum:1")),
    "one storage of two types": b"]" + tensor() + b"a" + tensor(memory=storage(kind="torch\nIntStorage\n")) + b"a",
    "one storage of two lengths": b"]" + tensor() + b"a" + tensor(memory=storage(count=2), size=(2,)) + b"a",
    "more numbers than bytes": tensor(memory=storage(count=5), size=(5,)),
    "fewer numbers than bytes": tensor(memory=storage(count=3), size=(3,)),
    "very many numbers": tensor(memory=storage(count=2**60), size=(2**60,)),
    "a storage that is missing": tensor(memory=storage(key="1")),
    "a storage above the folder": tensor(memory=storage(key="../../etc/passwd")),
    "a storage of the system": tensor(memory=storage(key="/etc/passwd")),
    "the pickle as a storage": tensor(memory=storage(key="../data.pkl")),
}  # fmt: skip


@pytest.mark.parametrize("body", WRONG_CALLS.values(), ids=WRONG_CALLS.keys())
def test_values_that_nobody_writes(body):
    assert refused(archive(whole(body)))


DAMAGED_PICKLES = {
    "empty": b"",
    "no end": b"\x80\x02]",
    "end of nothing": b"\x80\x02.",
    "two results": b"\x80\x02]].",
    "an open mark": b"\x80\x02(].",
    "a missing mark": b"\x80\x02]t.",
    "nothing to append to": b"\x80\x02K\1a.",
    "nothing to call": b"\x80\x02)R.",
    "an unknown memo": b"\x80\x02h\7.",
    "a far memo": b"\x80\x02j\xff\xff\xff\xff.",
    "a text that is cut off": b"\x80\x02X\xff\xff\xff\xffab.",
    "a text that is no UTF-8": b"\x80\x02X\2\0\0\0\xc3\x28.",
    "a number that is cut off": b"\x80\x02G\0.",
    "a long number that is cut off": b"\x80\x02\x8a\xff\1.",
    "protocol 0": b"\x80\x00K\1.",
    "protocol 1": b"\x80\x01K\1.",
    "protocol 5": b"\x80\x05K\1.",
    "protocol 255": b"\x80\xffK\1.",
}


@pytest.mark.parametrize("pickled", DAMAGED_PICKLES.values(), ids=DAMAGED_PICKLES.keys())
def test_damaged_pickles(pickled):
    assert refused(archive(pickled))


# --- small files that would be large ------------------------------------------------------------------


def copies(value, make, count=2000):
    """Name a long value once, and have it copied again and again."""
    return value + b"q\0]q\1" + (b"h\1" + make + b"a") * count


BOMBS = {
    "bytes of one text": copies(text("x" * 100_000), b"c_codecs\nencode\nh\0" + text("latin1") + b"\x86R"),
    "sets of one list": copies(b"](" + b"K\1" * 50_000 + b"e", b"cbuiltins\nset\nh\0\x85R"),
    "sizes of one tuple": copies(b"(" + b"K\1" * 50_000 + b"t", b"ctorch\nSize\nh\0\x85R"),
    "counters of one dict": copies(
        b"}(" + b"".join(number(i) + b"N" for i in range(9999)) + b"u", b"ccollections\nCounter\nh\0\x85R"
    ),
    "tensors of one storage": b"ctorch._utils\n_rebuild_tensor_v2\nq\0]q\1(" + storage()
    + b"K\0K\4\x85K\1\x85\x89Ntq\2" + b"h\1h\0h\2Ra" * 20_000,
    "more instructions than are followed": b"]" * 100_001,
}  # fmt: skip


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS.keys())
def test_copies_are_bounded(monkeypatch, body):
    monkeypatch.setattr(reader, "MOST_STEPS", 100_000)  # in place of one and a half million, for the time of the test
    data = archive(whole(body))
    tracemalloc.start()
    try:
        with pytest.raises(LoadError, match=r"copies of its values|more than 100,000"):
            minicnn.load(io.BytesIO(data))
        assert tracemalloc.get_traced_memory()[1] < 80 * len(data) + (1 << 20)
    finally:
        tracemalloc.stop()


def test_a_deep_pickle_is_read_without_recursion():
    found = minicnn.load(io.BytesIO(archive(whole(b"]" * 1 + b"q\0" + b"\x85" * 200_000))))
    depth = 0
    while found:
        found, depth = found[0], depth + 1
    assert depth == 200_000


def test_keys_of_one_hash_are_refused():
    """2**61 - 1 is the modulus of Python's hash of numbers: its multiples all have the hash 0."""
    modulus = 2**61 - 1
    items = b"".join(number(i * modulus) + b"N" for i in range(1, 10_000))
    assert refused(archive(whole(b"}(" + items + b"u")), text="as the key of a dict")


def test_a_pickle_that_is_too_large(monkeypatch):
    monkeypatch.setattr(reader, "LARGEST", 100)
    assert refused(archive(whole(text("x" * 100))), text="at most 100 are read")


# --- archives -----------------------------------------------------------------------------------------


def changed(place, data, source=None):
    """The plain archive with `data` put at `place`, counted from the end of the file if negative."""
    raw = bytearray(archive(whole(tensor())) if source is None else source)
    place = place if place >= 0 else len(raw) + place
    raw[place : place + len(data)] = data
    return bytes(raw)


def central(name):
    """Where the central directory has the entry `name`."""
    raw = archive(whole(tensor()))
    return raw.index(b"PK\x01\x02", raw.rindex(name) - 46 - len(name) - 8)


def entry_field(name, offset, data):
    """The plain archive, where the central directory says something else of the entry `name`."""
    raw = bytearray(archive(whole(tensor())))
    place = raw.rindex(name.encode()) - 46 + offset
    assert raw[place - offset : place - offset + 4] == b"PK\x01\x02"
    raw[place : place + len(data)] = data
    return bytes(raw)


def deflated(name_of_bomb):
    """A zip bomb: ten million zeros in ten thousand bytes."""
    return archive(
        whole(tensor(memory=storage(count=2_200_000))), {name_of_bomb: bytes(10_000_000)}, zipfile.ZIP_DEFLATED
    )


U16, U32, U64 = "<H", "<I", "<Q"
ARCHIVES = {
    "a zip bomb": deflated("data/0"),
    "a bomb beside the tensors": deflated("data/unused"),
    "a bzip2 bomb": archive(whole(tensor()), {"data/0": bytes(10_000_000)}, zipfile.ZIP_BZIP2),
    "an lzma bomb": archive(whole(tensor()), {"data/0": bytes(10_000_000)}, zipfile.ZIP_LZMA),
    "an entry above the folder": archive(whole(tensor()), {"../../evil": b"x", "data/0": FLOATS}),
    "an entry of the system": archive(whole(tensor()), {"data/0": FLOATS}, folder="/etc"),
    "an entry with a backslash": archive(whole(tensor()), {"data\\..\\0": b"x", "data/0": FLOATS}),
    "an encrypted entry": entry_field("x/data/0", 8, struct.pack(U16, 1)),
    "an unknown method": entry_field("x/data/0", 10, struct.pack(U16, 99)),
    "a wrong checksum": entry_field("x/data/0", 16, struct.pack(U32, 12345)),
    "a packed length": entry_field("x/data/0", 20, struct.pack(U32, 8)),
    "a shorter entry": entry_field("x/data/0", 20, struct.pack(U32, 8) * 2),
    "an entry of 4 GiB": entry_field("x/data/0", 20, struct.pack(U32, 0xFFFFFFFE) * 2),
    "a 64-bit length without one": entry_field("x/data/0", 20, struct.pack(U32, 0xFFFFFFFF) * 2),
    "an entry over another": entry_field("x/data/0", 42, struct.pack(U32, 0)),
    "an entry within another": entry_field("x/data/0", 42, struct.pack(U32, 31)),
    "an entry behind the file": entry_field("x/data/0", 42, struct.pack(U32, 0x7FFFFFFF)),
    "an entry in the directory": entry_field("x/version", 42, struct.pack(U32, central(b"x/version"))),
    "a directory behind the file": changed(-6, struct.pack(U32, 0x7FFFFFFF)),
    "a directory before the file": changed(-6, struct.pack(U32, 0)),
    "a long directory": changed(-10, struct.pack(U32, 0x7FFFFFFF)),
    "an empty directory": changed(-14, struct.pack(U16, 0) * 2),
    "too many entries": changed(-14, struct.pack(U16, 60_000) * 2),
    "two numbers of entries": changed(-14, struct.pack(U16, 1)),
    "a 64-bit directory that is missing": changed(-14, struct.pack(U16, 0xFFFF) * 2),
    "no end": archive(whole(tensor()))[:-22],
    "half an end": archive(whole(tensor()))[:-10],
    "only a beginning": b"PK\x03\x04" + bytes(100),
    "only an end": b"PK\x03\x04" + b"PK\x05\x06" + bytes(18),
    "no pickle": archive(whole(tensor())).replace(b"data.pkl", b"data.pk1"),
    "another name in the header": archive(whole(tensor())).replace(b"x/data/0", b"x/data/1", 1),
    "a TorchScript program": archive(whole(tensor()), {"constants.pkl": b"\x80\x02).", "data/0": FLOATS}),
    "an odd byte order": archive(whole(tensor()), {"byteorder": b"middle", "data/0": FLOATS}),
    "the format before 1.6": b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.cos\nsystem\n",
    "a tar of old": bytes(257) + b"ustar" + bytes(2000),
    "an ordinary pickle": b"cos\nsystem\n(S'touch bait'\ntR.",
    "a gzip file": b"\x1f\x8b\x08" + bytes(100),
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("data", ARCHIVES.values(), ids=ARCHIVES.keys())
def test_archives_that_nobody_writes(data):
    assert refused(data)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_twice():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as result:
        for data in (whole(tensor()), whole(b"N")):
            result.writestr("x/data.pkl", data)
    assert refused(file.getvalue(), text="is there twice")


def test_64_bit_directories():
    """A directory that says where a 64-bit one is: far away, far too long, or with far too many entries."""
    raw = archive(whole(tensor()))
    start, length = struct.unpack_from(U32, raw, len(raw) - 6)[0], struct.unpack_from(U32, raw, len(raw) - 10)[0]

    def with_end64(count, length, start, place=None):
        here = len(raw) - 22
        end64 = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, length, start)
        locator = b"PK\x06\x07" + struct.pack("<IQI", 0, here if place is None else place, 1)
        end = bytearray(raw[-22:])
        end[8:12] = struct.pack(U16, 0xFFFF) * 2
        end[12:20] = struct.pack(U32, 0xFFFFFFFF) * 2
        return raw[:-22] + end64 + locator + bytes(end)

    assert minicnn.load(io.BytesIO(with_end64(3, length, start))).tolist() == [0, 1, 2, 3]
    for wrong in (
        (2**60, length, start),
        (3, 2**62, start),
        (3, length, 2**63),
        (99_999, length, start),
        (3, length, start, 2**63),
    ):
        assert refused(with_end64(*wrong))


def test_there_are_enough():
    made = [WRONG_CALLS, DAMAGED_PICKLES, BOMBS, ARCHIVES, NAMES, UNKNOWN_CODES[::16]]
    assert sum(map(len, made)) >= 500


# --- .npz and .safetensors ----------------------------------------------------------------------------


def npy(header, data=b""):
    """A .npy file with this header."""
    body = header.encode() + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack(U16, len(body)) + body + data


def described(kind="'<f4'", shape="(4,)", order="False"):
    """The header of a .npy file."""
    return f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}"


NPZ = {
    "objects": npy(described("'|O'"), b"cos\nsystem\n(S'touch bait'\ntR."),
    "a huge array": npy(described(shape="(1099511627776,)")),
    "an array that overflows": npy(described(shape="(4294967296, 4294967296, 4294967296)")),
    "a negative size": npy(described(shape="(-4,)"), FLOATS),
    "two negative sizes": npy(described(shape="(-2, -2)"), FLOATS),
    "a shorter array": npy(described(shape="(3,)"), FLOATS),
    "a longer array": npy(described(shape="(5,)"), FLOATS),
    "a call as shape": npy(described(shape="__import__('os').system('touch bait')"), FLOATS),
    "a call as type": npy(described(kind="__import__('os')"), FLOATS),
    "nested brackets": npy(described(shape="(" * 4000 + ")" * 4000), FLOATS),
    "a long header": npy(described(shape="(4," + " " * 30_000 + ")"), FLOATS),
    "a structured array": npy(described(kind="[('a', '<f4')]"), FLOATS),
    "a text array": npy(described(kind="'<U4'"), FLOATS),
    "a complex array": npy(described(kind="'<c8'", shape="(2,)"), FLOATS),
    "another version": b"\x93NUMPY\x09\x00" + npy(described(), FLOATS)[8:],
    "no magic": FLOATS,
    "nothing": b"",
}


@pytest.mark.parametrize("data", NPZ.values(), ids=NPZ.keys())
def test_npz_files_that_nobody_writes(tmp_path, monkeypatch, data):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("x.npz", "w") as result:
        result.writestr("a.npy", data)
    assert refused(tmp_path / "x.npz", load_file)
    assert [p.name for p in tmp_path.iterdir()] == ["x.npz"]


SAFETENSORS = {
    "a huge header": struct.pack(U64, 2**62),
    "a header beyond the file": struct.pack(U64, 1000) + b"{}",
    "no JSON": struct.pack(U64, 8) + b"notjson!",
    "beyond the end": '{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
    "a huge array": '{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}',
    "shape and bytes differ": '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}',
    "negative": '{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}',
    "overlap": '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},'
    '"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
    "an unknown type": '{"a":{"dtype":"X9","shape":[1],"data_offsets":[0,1]}}',
    "a type that minicnn lacks": '{"a":{"dtype":"U16","shape":[1],"data_offsets":[0,2]}}',
}


@pytest.mark.parametrize("header", SAFETENSORS.values(), ids=SAFETENSORS.keys())
def test_safetensors_files_that_nobody_writes(tmp_path, header):
    data = header if isinstance(header, bytes) else struct.pack(U64, len(header)) + header.encode() + bytes(4)
    if header == SAFETENSORS["a type that minicnn lacks"]:
        data = data[:-2]
    (tmp_path / "x.safetensors").write_bytes(data)
    assert refused(tmp_path / "x.safetensors", load_file)
