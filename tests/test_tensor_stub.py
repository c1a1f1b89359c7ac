"""tensor.pyi says what Tensor has."""

import ast

from make_tensor_stub import STUB, stub

from minicnn.autograd.tensor import Tensor


def test_stub_is_up_to_date():
    assert STUB.read_text("utf-8") == stub(), "run `python -m tests.make_tensor_stub`"


def test_stub_knows_every_member():
    (node,) = (n for n in ast.parse(stub()).body if isinstance(n, ast.ClassDef) and n.name == "Tensor")
    known = {item.name for item in node.body if isinstance(item, ast.FunctionDef)}
    known |= {ast.unparse(item.target) for item in node.body if isinstance(item, ast.AnnAssign)}
    known |= {ast.unparse(item.targets[0]) for item in node.body if isinstance(item, ast.Assign)}
    invisible = {"__module__", "__doc__", "__slots__", "__annotations__", "__weakref__", "__firstlineno__"}
    invisible |= {"__static_attributes__", "__annotate_func__", "__annotations_cache__"}  # newer Pythons'
    invisible |= {"__getattr__"}  # a type checker would take any name for known
    assert set(vars(Tensor)) - known == invisible & set(vars(Tensor))
