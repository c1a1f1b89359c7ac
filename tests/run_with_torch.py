"""`python run_with_torch.py script.py [args…]`: the script under PyTorch, as the other side of minicnn.run.

torchvision's operators are declared beforehand (torchvision_reference.py says why). With --cuda-is-cpu, what the
script sends to cuda stays on the CPU, which minicnn.run does by itself and a PyTorch without CUDA refuses.
"""

import os
import runpy
import sys

from torchvision_reference import declare_operators


def keep_on_the_cpu():
    """Let `.cuda()` and `.to("cuda")` give back the tensor or module that they are asked of."""
    import torch

    def elsewhere(place):
        return isinstance(place, str | torch.device) and torch.device(place).type == "cuda"

    for kind in (torch.Tensor, torch.nn.Module):
        to = kind.to
        kind.cuda = lambda self, *args, **options: self
        kind.to = lambda self, *args, to=to, **more: to(self, *("cpu" if elsewhere(a) else a for a in args), **more)


def main():
    """Run the script that is named first."""
    if sys.argv[1] == "--cuda-is-cpu":
        del sys.argv[1]
        keep_on_the_cpu()
    del sys.argv[0]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    with open(sys.argv[0], encoding="utf-8") as file:
        if "torchvision" in file.read():
            declare_operators()
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
