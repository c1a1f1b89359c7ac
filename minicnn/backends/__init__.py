"""torch.backends: switches of libraries that PyTorch computes with, for scripts that set them.

minicnn computes with none of them: every result is the same in every run, and float32 is float32. So a switch
keeps the value it is given and changes nothing.
"""

from minicnn.backends import cuda as cuda
from minicnn.backends import cudnn as cudnn
from minicnn.backends import mps as mps
