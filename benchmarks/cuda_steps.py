"""Training steps on a GPU for train_speed.py: torch's CUDA graphs, and epochs of data that lie on the GPU.

graphed   torch.cuda.CUDAGraph of a whole step, as PyTorch's notes on CUDA semantics describe whole-network capture:
          inputs that stay where they are, some steps in a side stream first, then the capture
epoch     on every side the same: images, labels and the order of the epoch on the GPU; a batch is gathered there,
          within the step, and the last one is left out where it is short
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any

WARM_UP = 11  # steps before the capture: PyTorch asks for this many where DDP is used, three elsewhere


def graphed(torch: Any, step: Callable[..., Any], network: Any, optimizer: Any, examples: tuple[Any, ...]) -> Any:
    """`step` of tensors like `examples` as a CUDA graph; a function of such tensors, which returns the loss.

    The steps of the warm-up train; so network and optimiser are put back to where they were.
    """
    inputs = tuple(example.clone() for example in examples)
    tensors = [*network.parameters(), *network.buffers()]
    before = [tensor.detach().clone() for tensor in tensors]
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            step(*inputs)
    torch.cuda.current_stream().wait_stream(side)
    optimizer.zero_grad(set_to_none=True)  # so that the capture makes gradients in the graph's own memory
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = step(*inputs)
    with torch.no_grad():
        for tensor, value in zip(tensors, before, strict=True):
            tensor.copy_(value)
        for state in optimizer.state.values():
            for value in state.values():
                if isinstance(value, torch.Tensor):
                    value.zero_()

    def replayed(*given: Any) -> Any:
        for mine, new in zip(inputs, given, strict=True):
            mine.copy_(new)
        graph.replay()
        return loss

    return replayed


def capturable(rule: type[Any]) -> dict[str, bool]:
    """What an optimiser of torch's has to be told so that its steps can be captured: that it counts on the GPU."""
    return {"capturable": True} if "capturable" in inspect.signature(rule).parameters else {}


def without_dropout(network: Any) -> Any:
    """The network with its dropout switched off: on a GPU each engine drops other activations."""
    for module in network.modules():
        if type(module).__name__.startswith("Dropout"):
            module.p = 0.0
    return network


def gathering(step: Callable[[Any, Any], Any], images: Any, labels: Any) -> Callable[[Any], Any]:
    """The step on the images of these numbers."""

    def gathered(numbers: Any) -> Any:
        return step(images.index_select(0, numbers), labels.index_select(0, numbers))

    return gathered


def epoch(step: Callable[[Any], Any], order: Any, batch: int, device: Any, wait: Callable[[], None]) -> float:
    """Seconds of an epoch of whole batches, its order, which lies on the CPU, brought to the GPU first."""
    wait()
    started = time.perf_counter()
    numbers = order.to(device)
    for start in range(0, len(order) - batch + 1, batch):
        step(numbers[start : start + batch])
    wait()
    return time.perf_counter() - started
