"""Losses: CrossEntropyLoss, NLLLoss, MSELoss.

`reduction` is "mean", "sum" or "none"; PyTorch's old `size_average` and `reduce` still say the same.
"""

from __future__ import annotations

from minicnn.autograd.tensor import Tensor
from minicnn.functional.loss import check_reduction
from minicnn.nn import functional as F
from minicnn.nn.module import Module


class _Loss(Module):
    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        self.reduction = reduction
        if size_average is not None or reduce is not None:
            self.reduction = check_reduction(reduction, size_average, reduce)


class _WeightedLoss(_Loss):
    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class NLLLoss(_WeightedLoss):
    """-input[target], the mean over the batch weighted by `weight` (C,).

    input (N, C) or (N, C, d1, …) of log-probabilities, target (N,) or (N, d1, …) of class numbers; targets
    equal to `ignore_index` do not count.
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of `input` for `target`."""
        return F.nll_loss(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class CrossEntropyLoss(_WeightedLoss):
    """log-softmax and NLLLoss in one: takes logits, **not** probabilities.

    input (N, C) or (N, C, d1, …); target class numbers (N,) or (N, d1, …), or probabilities of input's
    shape. `label_smoothing` in [0, 1] mixes the target with the uniform distribution.

    >>> import minicnn
    >>> from minicnn import nn
    >>> nn.CrossEntropyLoss()(minicnn.zeros(1, 10), minicnn.tensor([3]))
    tensor(2.3026)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of `input` for `target`."""
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class MSELoss(_Loss):
    """(input - target)², the mean over all elements; both of one shape."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss of `input` for `target`."""
        return F.mse_loss(input, target, reduction=self.reduction)
