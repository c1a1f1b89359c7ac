"""Random cases against PyTorch: verdict, values, types and every gradient must be the same.

    python -m tests.fuzz --kind conv --seed 1 --cases 20000
    python -m tests.fuzz --kind conv --seed 1 --case 123

A case is a few lines of source (`case.py`) that both sides run, on arrays that are drawn from (kind, seed, number)
alone; a file a kind makes them: `conv.py`, `pool.py`, …. PyTorch runs in a process of its own (`oracle.py`), since
it may crash; `compare.py` says what equal means. A failure prints the case as a script that can be run.
"""
