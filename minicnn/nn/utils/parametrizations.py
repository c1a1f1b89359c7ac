"""weight_norm and spectral_norm as parametrizations: a weight of length and direction, or of spectral norm 1."""

from __future__ import annotations

from minicnn.autograd.grad_mode import no_grad
from minicnn.autograd.tensor import Tensor
from minicnn.functional.creation import empty
from minicnn.functional.distance import normalize
from minicnn.functional.matmul import dot, mv
from minicnn.functional.norms import norm
from minicnn.nn.conv_transpose import ConvTranspose1d, ConvTranspose2d
from minicnn.nn.module import Module
from minicnn.nn.utils.parametrize import register_parametrization


def norm_except_dim(v: Tensor, dim: int | None) -> Tensor:
    """The lengths of the parts of `v` along axis `dim`, of length 1 along the others; of all of `v` for None (-1)."""
    if dim is None or dim == -1:
        return norm(v)
    lengths = norm(v.transpose(0, dim).flatten(1) if v.ndim > 1 else v.unsqueeze(1), 2, 1)
    return lengths.view([-1 if axis == dim else 1 for axis in range(v.ndim)])


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """g·v/|v|"""
        return weight_v * (weight_g / norm_except_dim(weight_v, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """(|w|, w)"""
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Let a weight be g·v/|v|: length and direction are learned apart (Salimans & Kingma 2016).

    There is one length for each index along `dim`, or one for all (None). The parameters are called
    `parametrizations.weight.original0` (g) and `original1` (v).

    >>> from minicnn import nn
    >>> nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
    ParametrizedLinear(
      in_features=3, out_features=2, bias=True
      (parametrizations): ModuleDict(
        (weight): ParametrizationList(
          (0): _WeightNorm()
        )
      )
    )
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """`weight` with axis `dim` in front and the others as one."""
    if dim != 0:
        weight = weight.permute(dim, *(axis for axis in range(weight.ndim) if axis != dim))
    return weight.flatten(1)


def outward_axis(module: Module, dim: int | None) -> int:
    """The axis of the outputs of a layer's weight, unless `dim` says which."""
    return dim if dim is not None else int(isinstance(module, ConvTranspose1d | ConvTranspose2d))


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{weight.ndim}, {weight.ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim = dim if dim >= 0 else dim + weight.ndim
        self.eps = eps
        if weight.ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight.detach(), self.dim)
            for name, length in zip(("_u", "_v"), matrix.shape, strict=True):
                start = empty(length, dtype=weight.dtype, device=weight.device).normal_()
                self.register_buffer(name, normalize(start, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _power_method(self, matrix: Tensor, times: int) -> None:
        with no_grad():
            for _ in range(times):
                self._u.copy_(normalize(mv(matrix, self._v), dim=0, eps=self.eps))
                self._v.copy_(normalize(mv(matrix.t(), self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight divided by its largest singular value, as far as it is known."""
        if weight.ndim == 1:
            return normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix.detach(), self.n_power_iterations)
        return weight / dot(self._u.clone(), mv(matrix, self._v.clone()))

    def right_inverse(self, value: Tensor) -> Tensor:
        """The value itself: it need not be of norm 1."""
        return value


def spectral_norm(
    module: Module, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Module:
    """Divide a weight by its largest singular value, found by power iteration (Miyato et al. 2018).

    In training each use of the weight takes `n_power_iterations` further steps. `dim` is the axis of the outputs (1 for
    transposed convolutions, else 0). ValueError for a `name` that is no tensor of `module`.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    made = _SpectralNorm(weight, n_power_iterations, outward_axis(module, dim), eps)
    return register_parametrization(module, name, made)
