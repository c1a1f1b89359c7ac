"""The parts of a training run: data, the loop, the report. `python -m minicnn.train` puts them together."""
