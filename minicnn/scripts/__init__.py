"""Other people's PyTorch files: run as `python script.py` would, notebooks, and which names they use."""
