"""What the commands share: errors of one line, exit code 2."""

from __future__ import annotations

import argparse
from typing import NoReturn


class Wrong(Exception):
    """Something the user can put right: printed as one line, exit code 2."""


class Parser(argparse.ArgumentParser):
    """argparse, with errors of one line."""

    def error(self, message: str) -> NoReturn:
        """Print the message without the usage and leave with code 2."""
        self.exit(2, f"{self.prog}: {message} (see --help)\n")
