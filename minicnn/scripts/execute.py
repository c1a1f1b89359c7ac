"""A script run as by `python script.py …`: the same `__main__`, `sys.argv`, `sys.path`, tracebacks, exit codes."""

from __future__ import annotations

import builtins
import io
import os
import sys
import traceback
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from minicnn import alias, suggest


def run_script(script: str, arguments: list[str]) -> None:
    """Run the file `script` as the main program of this process.

    Exceptions, SystemExit and KeyboardInterrupt among them, go through; what Python prints of one that nobody
    catches begins with the script's own lines.
    """
    main = enter(script, arguments)
    path = os.path.abspath(script)
    main.__file__ = path
    main.__loader__ = SourceFileLoader("__main__", path)
    with io.open_code(path) as file:
        source = file.read()
    with_own_lines(lambda: exec(compile(source, path, "exec", dont_inherit=True), vars(main)), path)


def enter(script: str, arguments: list[str]) -> ModuleType:
    """Make this process one of `script`: its arguments, its folder first on sys.path, torch found, a new `__main__`."""
    sys.argv = [script, *arguments]
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.path.dirname(os.path.realpath(script))
    alias.activate()
    _keep_minicnn_in_reach()
    main = ModuleType("__main__")
    vars(main).update(__builtins__=builtins, __annotations__={}, __cached__=None)
    sys.modules["__main__"] = main
    return main


def _keep_minicnn_in_reach() -> None:
    """Let worker processes find the minicnn that is running, if it was found in the folder of the command alone."""
    here = Path(alias.__file__).with_name("__init__.py")
    found = next(filter(None, (finder.find_spec("minicnn", None) for finder in sys.meta_path)), None)
    if found is None or found.origin is None or not os.path.samefile(found.origin, here):
        alias.put_on_path(here.parents[1])


def with_own_lines(run: Callable[[], Any], *files: str) -> None:
    """Call `run`; Python's report of an exception that leaves it begins at the first line of one of `files`."""
    try:
        run()
    except SystemExit:
        raise
    except BaseException:
        report = sys.excepthook  # the script may have set its own

        def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            while trace is not None and trace.tb_frame.f_code.co_filename not in files:
                trace = trace.tb_next
            _end_where_a_name_is_missing(trace)
            _say_what_is_near(error)
            error.__traceback__ = trace
            if report is sys.__excepthook__ and not os.path.isfile(files[0]):  # it would find no lines in a notebook
                traceback.print_exception(kind, error, trace)
            else:
                report(kind, error, trace)

        sys.excepthook = hook
        raise


def _end_where_a_name_is_missing(trace: TracebackType | None) -> None:
    """Cut off the lines of alias.py, which say that the name is missing: the last line is where it is used."""
    while trace is not None:
        if trace.tb_next is not None and trace.tb_next.tb_frame.f_code.co_filename == alias.__file__:
            trace.tb_next = None
        trace = trace.tb_next


def _say_what_is_near(error: BaseException) -> None:
    """Add to `No module named 'torch.…'` what there is of a similar name, as every other missing name says it."""
    parent, _, last = (getattr(error, "name", None) or "").rpartition(".")
    known = sys.modules.get(parent)
    if isinstance(error, ModuleNotFoundError) and known is not None and alias.is_alias(known):
        error.msg += f" (minicnn does not have it){suggest.hint(last, dir(known))}"
