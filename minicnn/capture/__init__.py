"""Capture: a training step recorded once and replayed without Python (`minicnn.compile`)."""

from minicnn.capture.compile import compile as compile
