"""`python -m minicnn.run script.py [args…]`: an unchanged PyTorch script, or a notebook, on minicnn."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from minicnn import backend
from minicnn.command import Parser, Wrong

EPILOG = """\
examples
  python -m minicnn.run lecture.py --epochs 3        as `python lecture.py --epochs 3`, without PyTorch
  python -m minicnn.run --sample lecture.py          data sets that cannot be had are the embedded samples
  python -m minicnn.run lecture.ipynb                the code cells of a notebook, one after the other
  python -m minicnn.run --check lecture.py           which names of torch it uses, and which are missing

`import torch` and `import torchvision` find minicnn in this process and in those that it starts, whether PyTorch is
installed or not. In a notebook, `import minicnn.as_torch` in the first cell does that.
"""


def make_parser() -> Parser:
    """The options that stand before the script."""
    parser = Parser(
        prog="python -m minicnn.run",
        usage="python -m minicnn.run [options] SCRIPT [arguments of the script]",
        description="Run an unchanged PyTorch script, or a notebook, on minicnn.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--check", action="store_true", help="do not run it: list which names of torch it uses, and which are missing")
    add("--device", choices=("cpu", "cuda"), help="cpu (default without a GPU): .cuda() and .to('cuda') stay there")
    add("--sample", action="store_true", help="MNIST and FashionMNIST are the embedded samples (MINICNN_SAMPLE=1)")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code: the script's own, or 2 for wrong arguments; of --check 1 if a name is missing."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = make_parser()
    own, script, rest = _split(given)
    options = parser.parse_args(own)
    try:
        if script is None:
            raise Wrong("which script? (see --help)")
        if not os.access(script, os.R_OK) or not os.path.isfile(script):
            raise Wrong(f"{script} is not a file that can be read")
        return _run(script, rest, options)
    except Wrong as error:
        print(f"python -m minicnn.run: {error}", file=sys.stderr)
        return 2


def _run(script: str, arguments: list[str], options: argparse.Namespace) -> int:
    if options.check:
        from minicnn.scripts.uses import check

        return check(script)
    _set_up(options)
    if script.endswith(".ipynb"):
        from minicnn.scripts.notebook import run_notebook

        run_notebook(script, arguments)
    else:
        from minicnn.scripts.execute import run_script

        run_script(script, arguments)
    return 0


def _split(given: list[str]) -> tuple[list[str], str | None, list[str]]:
    """Our options, the script, and what belongs to the script."""
    for at, word in enumerate(given):
        if not word.startswith("-") and given[at - 1 : at] != ["--device"]:
            return given[:at], word, given[at + 1 :]
    return given, None, []


def _set_up(options: argparse.Namespace) -> None:
    """Tell this process and its children what the options say."""
    if options.sample:
        os.environ["MINICNN_SAMPLE"] = "1"
    if options.device == "cuda":
        os.environ.pop(backend.VARIABLE, None)
        reason = backend.why_no_gpu()
        if reason is not None:
            raise Wrong(f"--device cuda: {reason}")
    else:
        os.environ[backend.VARIABLE] = options.device or "auto"


if __name__ == "__main__":
    sys.exit(main())
