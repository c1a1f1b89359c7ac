"""Pruning: weights multiplied by a mask of 0 and 1, in a hook before forward.

`weight` becomes the parameter `weight_orig` and the buffer `weight_mask`; before every forward `weight` is their
product, so that what is masked stays 0 and the rest is trained. `remove` makes it an ordinary parameter again. Which
elements go is a method's: the smallest, by chance, whole channels, or a mask of one's own. Pruned twice, a
`PruningContainer` lets each method choose among what those before it left.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import ones_like, zeros_like
from minicnn.functional.joining import cat
from minicnn.functional.norms import norm
from minicnn.functional.sampling import rand, rand_like
from minicnn.functional.sorting import topk
from minicnn.nn.module import Module

Amount = int | float


class BasePruningMethod:
    """A way to choose a mask, and the hook that applies it. Subclasses define `compute_mask` and PRUNING_TYPE:
    "unstructured" (single elements), "structured" (whole slices) or "global" (sees what is pruned already, too)."""

    PRUNING_TYPE = "unstructured"
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask for scores `t`, 0 at least where `default_mask` is 0."""
        raise NotImplementedError(f"{type(self).__name__} needs a method compute_mask(t, default_mask)")

    def apply_mask(self, module: Any) -> Tensor:
        """mask · original; AssertionError if nothing was pruned."""
        if getattr(self, "_tensor_name", None) is None:
            raise AssertionError(f"Module {module} has to be pruned")
        original = getattr(module, f"{self._tensor_name}_orig")
        result: Tensor = getattr(module, f"{self._tensor_name}_mask").to(original.dtype) * original
        return result

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune the tensor `name` of `module` by this method, made with the arguments; returns the hook.

        `importance_scores` of the tensor's shape choose in the place of its values.
        """
        earlier = [n for n, h in module._forward_pre_hooks.items() if _is_hook_of(h.function, name)]
        method: BasePruningMethod = cls(*args, **kwargs)
        method._tensor_name = name
        original = getattr(module, name)
        scores = original if importance_scores is None else importance_scores
        if scores.shape != original.shape:
            raise AssertionError(
                f"importance_scores should have the same shape as parameter {name} of {module}, got {scores.shape} vs "
                f"{original.shape}"
            )
        before = module._forward_pre_hooks[earlier[0]].function if earlier else None
        if before is not None:
            container = before if isinstance(before, PruningContainer) else PruningContainer(before)
            container.add_pruning_method(method)
            method, mask = container, getattr(module, f"{name}_mask").clone()
        else:
            mask = ones_like(original.detach())
        mask = method.compute_mask(scores.detach(), mask)  # before anything is changed: it may refuse
        if mask.shape != original.shape:
            raise AssertionError(f"default_mask shape {original.shape} must match self.mask shape {mask.shape}")
        if before is None:
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", original)
        else:
            del module._forward_pre_hooks[earlier[0]]
        module.register_buffer(f"{name}_mask", mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """`t` with 0 where this method puts it, without a module."""
        scores = t if importance_scores is None else importance_scores
        return t * self.compute_mask(scores, ones_like(t) if default_mask is None else default_mask)

    def remove(self, module: Module) -> None:
        """Make the tensor an ordinary parameter of the value that it has, zeros and all."""
        name = self._tensor_name
        value = self.apply_mask(module).detach()
        delattr(module, name)
        original = module._parameters.pop(f"{name}_orig")
        assert original is not None
        original.data = value
        del module._buffers[f"{name}_mask"]
        module.register_parameter(name, original)


class PruningContainer(BasePruningMethod):
    """Several methods on one tensor, each choosing among what is left."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        methods = tuple(args[0]) if len(args) == 1 and isinstance(args[0], Iterable) else args
        if methods:
            self._tensor_name = methods[0]._tensor_name
        for method in methods:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        """Add a method for the same tensor; TypeError for what is none, ValueError for another tensor's."""
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method._tensor_name != self._tensor_name:
            raise ValueError(
                "Can only add pruning methods acting on the parameter named "
                f"'{self._tensor_name}' to PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Any:
        return iter(self._pruning_methods)

    def __getitem__(self, index: int) -> BasePruningMethod:
        return self._pruning_methods[index]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The mask of the last method, on what `default_mask` leaves."""
        method, mask = self._pruning_methods[-1], default_mask.to(t.dtype).clone()
        if method.PRUNING_TYPE == "unstructured":
            left: Any = mask == 1
        elif method.PRUNING_TYPE == "structured":
            dim: int = method.dim  # type: ignore[attr-defined]
            others = tuple(axis for axis in range(t.ndim) if axis != dim % t.ndim)
            alive = mask.sum(others) != 0  # slices that are not gone already
            left = tuple(alive if axis == dim % t.ndim else slice(None) for axis in range(t.ndim))
        elif method.PRUNING_TYPE == "global":
            left = (slice(None),) * t.ndim
        else:
            raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
        mask[left] = method.compute_mask(t[left], mask[left])
        return mask


class Identity(BasePruningMethod):
    """A mask of ones."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask`"""
        return default_mask


class _ByAmount(BasePruningMethod):
    """Prunes a number of elements (int) or a share of them (float)."""

    def __init__(self, amount: Amount) -> None:
        if isinstance(amount, bool) or not isinstance(amount, int | float):
            raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        if amount < 0 or (isinstance(amount, float) and amount > 1):
            raise ValueError(f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer")
        self.amount = amount

    def _count(self, size: int) -> int:
        if isinstance(self.amount, int) and self.amount > size:
            raise ValueError(f"amount={self.amount} should be smaller than the number of parameters to prune={size}")
        return self.amount if isinstance(self.amount, int) else round(self.amount * size)


class RandomUnstructured(_ByAmount):
    """Elements by chance."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask` with that many zeros more, where one random number for each element is largest."""
        return _without(default_mask, rand_like, t, self._count(t.numel()), True)


class L1Unstructured(_ByAmount):
    """The elements nearest to 0."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask` with that many zeros more, where |t| is smallest."""
        return _without(default_mask, abs, t, self._count(t.numel()), False)


def _without(mask: Tensor, score: Any, t: Tensor, count: int, largest: bool) -> Tensor:
    mask = mask.clone()
    if count:
        places = topk(score(t).reshape(-1), count, largest=largest)[1]
        mask.view(-1)[places] = 0
    return mask


class _Slices(_ByAmount):
    PRUNING_TYPE = "structured"

    def __init__(self, amount: Amount, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def _slices(self, t: Tensor) -> int:
        if t.ndim <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
                f"{t.shape} with {t.ndim} dims"
            )
        if self.dim >= t.ndim:
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        return int(t.shape[self.dim])

    def _keeping(self, t: Tensor, default_mask: Tensor, kept: Tensor) -> Tensor:
        """`default_mask` times 1 in the slices `kept` (indices or bools), 0 in the others."""
        mask = zeros_like(t)
        mask[tuple(kept if axis == self.dim % t.ndim else slice(None) for axis in range(t.ndim))] = 1
        return mask * default_mask.to(mask.dtype)


class RandomStructured(_Slices):
    """Slices along `dim` (channels, filters) by chance."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """One random number for each slice; those with the smallest go."""
        slices = self._slices(t)
        count = self._count(slices)
        if count == 0:
            return default_mask
        chances = rand(slices)
        return self._keeping(t, default_mask, chances > chances.sort()[0][count - 1])


class LnStructured(_Slices):
    """Slices along `dim` with the smallest n-norm."""

    def __init__(self, amount: Amount, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """The slices with the largest norms stay."""
        slices = self._slices(t)
        count = self._count(slices)
        if count == 0:
            return default_mask
        others = [axis for axis in range(t.ndim) if axis != self.dim % t.ndim]
        lengths = norm(t, self.n, others)
        return self._keeping(t, default_mask, topk(lengths, slices - count)[1])


class CustomFromMask(BasePruningMethod):
    """A mask that is given."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """`default_mask` times the mask; AssertionError if their shapes differ."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )
        return default_mask * self.mask.to(default_mask.dtype)


def _is_hook_of(hook: Any, name: str) -> bool:
    return isinstance(hook, BasePruningMethod) and hook._tensor_name == name


def identity(module: Module, name: str) -> Module:
    """Prune nothing, but prepare: `name_orig`, `name_mask` and the hook."""
    Identity.apply(module, name)
    return module


def random_unstructured(module: Module, name: str, amount: Amount) -> Module:
    """Prune `amount` elements (int) or that share of them (float) of the tensor `name`, by chance."""
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: Module, name: str, amount: Amount, importance_scores: Tensor | None = None) -> Module:
    """Prune the `amount` elements (int) or that share of them (float) that are nearest to 0.

    >>> import minicnn
    >>> from minicnn import nn
    >>> from minicnn.nn.utils import prune
    >>> layer = nn.Linear(3, 1, bias=False)
    >>> layer.weight = nn.Parameter(minicnn.tensor([[1.0, -3.0, 2.0]]))
    >>> prune.l1_unstructured(layer, "weight", amount=2).weight
    tensor([[ 0., -3.,  0.]], grad_fn=<MulBackward0>)
    >>> prune.remove(layer, "weight").weight
    Parameter containing:
    tensor([[ 0., -3.,  0.]], requires_grad=True)
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


def random_structured(module: Module, name: str, amount: Amount, dim: int) -> Module:
    """Prune `amount` slices along `dim` (a number or a share), by chance."""
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: Module, name: str, amount: Amount, n: Any, dim: int, importance_scores: Tensor | None = None
) -> Module:
    """Prune the `amount` slices along `dim` (a number or a share) with the smallest n-norm (a number, inf, "fro")."""
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: Module, name: str, mask: Tensor) -> Module:
    """Prune where `mask` is 0."""
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Any, pruning_method: type[BasePruningMethod], importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune among all `parameters`, pairs (module, name), as if they were one tensor: some lose more than others.

    `importance_scores` may have scores for some of the pairs. TypeError for pairs that are none and for a method that
    is not unstructured.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    pairs = list(parameters)
    given = {} if importance_scores is None else importance_scores
    if not isinstance(given, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    tensors = [getattr(module, name).detach() for module, name in pairs]
    scores = cat([given.get(pair, t).detach().reshape(-1) for pair, t in zip(pairs, tensors, strict=True)])
    masks = [getattr(module, f"{name}_mask", None) for module, name in pairs]
    before = cat([(ones_like(t) if m is None else m).reshape(-1) for t, m in zip(tensors, masks, strict=True)])
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`: found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    method._tensor_name = "temp_mask"
    mask = PruningContainer(method).compute_mask(scores, before)
    start = 0
    for (module, name), t in zip(pairs, tensors, strict=True):
        custom_from_mask(module, name, mask[start : start + t.numel()].view(t.shape))
        start += t.numel()


def remove(module: Module, name: str) -> Module:
    """Make a pruned tensor an ordinary parameter again, with its zeros; ValueError if it is not pruned."""
    for number, hook in list(module._forward_pre_hooks.items()):
        if _is_hook_of(hook.function, name):
            hook.function.remove(module)
            del module._forward_pre_hooks[number]
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Module) -> bool:
    """Whether a tensor in `module`, or in a module inside it, is pruned."""
    return any(
        isinstance(hook.function, BasePruningMethod)
        for inside in module.modules()
        for hook in inside._forward_pre_hooks.values()
    )
