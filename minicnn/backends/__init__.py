"""torch.backends: switches of libraries that PyTorch computes with, for scripts that set them.

Every result is the same in every run, so most switches keep the value they are given and change nothing. Two change
something, on a GPU: `cuda.matmul.allow_tf32` for matrix products, `cudnn.allow_tf32` for convolutions. Both are False
at the start (PyTorch begins with True for convolutions): float32 is float32 until somebody says otherwise.
"""

from minicnn.backends import cuda as cuda
from minicnn.backends import cudnn as cudnn
from minicnn.backends import mps as mps
