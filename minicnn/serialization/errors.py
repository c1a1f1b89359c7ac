"""The exception that every reader of this folder raises for a file that it does not read."""

import pickle


class LoadError(pickle.UnpicklingError, RuntimeError):
    """A file that is damaged, asks for what may not be loaded, or is of another kind than it should be.

    It is both of the exceptions that PyTorch raises then, so that either `except` of a script catches it.
    """
