"""LeNet-5's training step on engines that lack PyTorch's names: JAX, tinygrad, DeZero.

Each is imported in its own process only. All begin with minicnn's weights of seed 42, train on the same numbers with
Adam (lr 1e-3) and must show the same losses to 1e-3, or they are not measured.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from harness import Prepared
from networks import build, random_batch

NAMES = ("jax", "tinygrad", "dezero")
LR, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8
Step = Callable[[], Any]  # trains once; `wait` of its result lets it finish and gives the loss


class Competitor:
    """One engine's side: `prepare` and `losses` as benchmarks/engines.py has them, for lenet5 alone."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.make, self.loss_of = {"jax": jax_step, "tinygrad": tinygrad_step, "dezero": dezero_step}[options.worker](
            options.threads
        )

    def _step(self, model: str, batch: int) -> Step:
        if model != "lenet5":
            raise ValueError(f"only lenet5 is written for this engine, not {model}")
        import minicnn

        weights = [np.array(p.detach().numpy()) for p in build(model, minicnn).parameters()]
        return self.make(weights, *random_batch(model, batch))

    def prepare(self, model: str, batch: int) -> Prepared:
        """Steps on one resident batch."""
        step, last = self._step(model, batch), []

        def once() -> None:
            last[:] = [step()]

        for _ in range(3):  # tinygrad captures the second one
            once()
        return Prepared(once, lambda: self.loss_of(last[0]))

    def losses(self, model: str, steps: int) -> list[float]:
        """The first losses on a fixed batch of 32."""
        step = self._step(model, 32)
        return [float(self.loss_of(step())) for _ in range(steps)]


def jax_step(threads: int) -> tuple[Callable[..., Step], Callable[[Any], float]]:
    """One jitted function, images in NHWC as XLA's convolutions on the CPU like them, buffers donated."""
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax
    import jax.numpy as jnp
    from jax import lax

    def convolve(x: Any, w: Any, bias: Any) -> Any:
        return lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "OIHW", "NHWC")) + bias

    def pool(x: Any) -> Any:
        return lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID") / 4

    def loss(p: list[Any], x: Any, y: Any) -> Any:
        x = pool(jnp.tanh(convolve(x, p[0], p[1])))
        x = pool(jnp.tanh(convolve(x, p[2], p[3])))
        x = jnp.tanh(convolve(x, p[4], p[5])).reshape(len(x), -1)
        x = jnp.tanh(x @ p[6].T + p[7]) @ p[8].T + p[9]
        return -jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], 1).mean()

    def train(p: list[Any], m: list[Any], v: list[Any], t: Any, x: Any, y: Any) -> Any:
        value, gradients = jax.value_and_grad(loss)(p, x, y)
        t = t + 1
        m = [BETA1 * m_ + (1 - BETA1) * g for m_, g in zip(m, gradients, strict=True)]
        v = [BETA2 * v_ + (1 - BETA2) * g * g for v_, g in zip(v, gradients, strict=True)]
        step, root = LR / (1 - BETA1**t), jnp.sqrt(1 - BETA2**t)
        p = [w - step * m_ / (jnp.sqrt(v_) / root + EPS) for w, m_, v_ in zip(p, m, v, strict=True)]
        return value, p, m, v, t

    jitted = jax.jit(train, donate_argnums=(0, 1, 2, 3))

    def make(weights: list[np.ndarray], images: np.ndarray, labels: np.ndarray) -> Step:
        zeros = lambda: [jnp.zeros_like(w) for w in weights]  # noqa: E731
        state = [[jnp.array(w) for w in weights], zeros(), zeros(), jnp.float32(0)]
        x, y = jnp.array(images.transpose(0, 2, 3, 1)), jnp.array(labels)

        def step() -> Any:
            value, *state[:] = jitted(*state, x, y)
            return value

        return step

    return make, float


def tinygrad_step(threads: int) -> tuple[Callable[..., Step], Callable[[Any], float]]:
    """TinyJit around forward, backward and its own Adam; compiled for the CPU."""
    os.environ.setdefault("DEV", "CPU")  # which asks for clang
    os.environ["NUM_CPU_THREADS"] = str(threads)
    from tinygrad import Context, Tensor, TinyJit
    from tinygrad.nn.optim import Adam

    def make(weights: list[np.ndarray], images: np.ndarray, labels: np.ndarray) -> Step:
        p = [Tensor(w) for w in weights]
        x, y = Tensor(images).realize(), Tensor(labels.astype(np.int32)).realize()
        optimizer = Adam(p, lr=LR, b1=BETA1, b2=BETA2, eps=EPS)

        def forward(x: Tensor) -> Tensor:
            x = x.conv2d(p[0], p[1]).tanh().avg_pool2d(2)
            x = x.conv2d(p[2], p[3]).tanh().avg_pool2d(2)
            x = x.conv2d(p[4], p[5]).tanh().flatten(1)
            return (x @ p[6].T + p[7]).tanh() @ p[8].T + p[9]

        @TinyJit
        def step() -> Tensor:
            with Context(TRAINING=1):
                optimizer.zero_grad()
                loss = forward(x).sparse_categorical_crossentropy(y).backward()
                return loss.realize(*optimizer.schedule_step())

        return step

    return make, lambda loss: float(loss.item())


def dezero_step(threads: int) -> tuple[Callable[..., Step], Callable[[Any], float]]:
    """Define-by-run on NumPy arrays; its matrix products use the BLAS threads of this process."""
    np.int = int  # type: ignore[attr-defined]  # DeZero 0.0.13 uses a name that NumPy has dropped
    import dezero
    from dezero import functions as F
    from dezero import optimizers

    class LeNet5(dezero.Model):
        def __init__(self, weights: list[np.ndarray]) -> None:
            super().__init__()
            for i, w in enumerate(weights):  # DeZero's linear layers hold the transpose
                setattr(self, f"p{i}", dezero.Parameter(w.T.copy() if i in (6, 8) else w))

        def forward(self, x: Any) -> Any:
            x = F.average_pooling(F.tanh(F.conv2d(x, self.p0, self.p1)), 2, 2)
            x = F.average_pooling(F.tanh(F.conv2d(x, self.p2, self.p3)), 2, 2)
            x = F.flatten(F.tanh(F.conv2d(x, self.p4, self.p5)))
            return F.linear(F.tanh(F.linear(x, self.p6, self.p7)), self.p8, self.p9)

    def make(weights: list[np.ndarray], images: np.ndarray, labels: np.ndarray) -> Step:
        model = LeNet5(weights)
        optimizer = optimizers.Adam(LR, BETA1, BETA2, EPS).setup(model)

        def step() -> Any:
            loss = F.softmax_cross_entropy(model(images), labels)
            model.cleargrads()
            loss.backward()
            optimizer.update()
            return loss

        return step

    return make, lambda loss: float(loss.data)
