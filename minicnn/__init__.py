"""minicnn: convolutional networks from scratch, with PyTorch's names and PyTorch's numbers."""
