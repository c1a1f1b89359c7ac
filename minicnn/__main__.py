"""`python -m minicnn COMMAND`: the commands, each also `python -m minicnn.COMMAND`."""

from __future__ import annotations

import sys
from importlib import import_module

COMMANDS = {
    "run": "run a PyTorch script, unchanged, on minicnn",
    "train": "train a network of the course and leave its results in a folder",
    "warmup": "compile the kernels now, so that no later run waits for them",
}


def main() -> int:
    """Run the command that is named first; its exit code."""
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help"):
        print("usage: python -m minicnn COMMAND [options]\n")
        for command, text in COMMANDS.items():
            print(f"  {command:10} {text}")
        print("\npython -m minicnn COMMAND --help explains one of them.")
        return 0
    if name not in COMMANDS:
        print(f"python -m minicnn: no command {name!r}; there are: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    result: int = import_module(f"minicnn.{name}").main(sys.argv[2:])
    return result


if __name__ == "__main__":
    sys.exit(main())
