"""One side of train_speed.py: minicnn or torch, behind the names that they share."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Callable
from typing import Any

import competitors
import cuda_steps
import harness
import networks
import numpy as np
from harness import Prepared

INNER = 20  # steps on a GPU between two looks at the clock, for which the GPU is waited for


class Engine:
    """minicnn or torch."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.device, self.compile, self.eager = options.device, options.compile, options.eager
        self.graphs = getattr(options, "graphs", False)  # of torch's
        self.engine: Any
        self.data: Any
        if options.worker == "torch":
            import torch
            import torch.utils.data

            harness.prepare_torch(options)
            self.engine, self.data = torch, torch.utils.data
            self.wait = torch.cuda.synchronize if options.device == "cuda" else lambda: None
        else:
            import minicnn.utils.data
            from minicnn import backend

            self.engine, self.data = minicnn, minicnn.utils.data
            self.wait = backend.synchronize
        self.is_torch = options.worker == "torch"

    def batch(self, model: str, count: int) -> tuple[Any, Any]:
        """Random images and labels on the CPU."""
        images, labels = networks.random_batch(model, count)
        return self.engine.from_numpy(images), self.engine.from_numpy(labels)

    def trainer(self, model: str, **options: float) -> tuple[Any, Any, Callable[[Any, Any], Any]]:
        """A fresh network, its optimiser, and the function that trains it one step and returns the loss."""
        spec = networks.NETWORKS[model]
        network = networks.build(model, self.engine).to(self.device)
        name, settings = spec.optimizer
        rule = getattr(self.engine.optim, name)
        more = cuda_steps.capturable(rule) if self.graphs else {}
        optimizer = rule(network.parameters(), **{**settings, **options, **more})
        loss_of = getattr(self.engine.nn.functional, spec.loss)
        forward = self.engine.compile(network) if self.compile else network

        def step(x: Any, y: Any) -> Any:
            optimizer.zero_grad()
            loss = loss_of(forward(x), y)
            loss.backward()
            optimizer.step()
            return loss

        return network, optimizer, step

    def fast(self, step: Callable[..., Any], network: Any, optimizer: Any, *examples: Any) -> Callable[..., Any]:
        """The step as this side is asked to do it: through minicnn.compile, as torch's CUDA graph, or as it is."""
        if self.graphs:
            return cuda_steps.graphed(self.engine, step, network, optimizer, examples)
        return step if self.is_torch or self.eager else self.engine.compile(step)

    def prepare(self, model: str, batch: int) -> Prepared:
        """Steps on one resident batch."""
        x, y = (a.to(self.device) for a in self.batch(model, batch))
        network, optimizer, step = self.trainer(model)
        step = self.fast(step, network, optimizer, x, y)
        return Prepared(lambda: step(x, y), self.wait, INNER if self.device == "cuda" else 1)

    def losses(self, model: str, steps: int) -> list[float]:
        """The first losses on a fixed batch of 32; on a GPU without dropout."""
        x, y = (a.to(self.device) for a in self.batch(model, 32))
        network, optimizer, step = self.trainer(model)
        if self.device == "cuda":
            cuda_steps.without_dropout(network)
        step = self.fast(step, network, optimizer, x, y)
        return [step(x, y).item() for _ in range(steps)]

    def first(self, model: str, batch: int, steps: int) -> dict[str, Any]:
        """The first step of a fresh process, and its peak memory after `steps` more."""
        run = self.prepare(model, batch).step
        run()
        self.wait()
        done = time.time()
        for _ in range(steps):
            run()
        self.wait()
        return {"done": done, "memory": peak_memory(), "gpu_memory": self.gpu_memory()}

    def gpu_memory(self) -> float | None:
        """The memory that the engine holds on the GPU, in MB; None on the CPU."""
        return self.engine.cuda.memory_reserved() / 1e6 if self.device == "cuda" else None

    def epoch(self, model: str, batch: int, samples: int) -> float:
        """Seconds of one epoch through the data loader."""
        if self.device == "cuda":
            return self.resident_epoch(model, batch, samples)
        set_of = self.data.TensorDataset(*self.batch(model, samples))
        loader = self.data.DataLoader(set_of, batch_size=batch, shuffle=True)
        network, optimizer, step = self.trainer(model)
        step = self.fast(step, network, optimizer)
        for _ in range(3):  # warm-up, and what minicnn.compile records
            step(*(a.to(self.device) for a in self.batch(model, batch)))
        self.wait()
        started = time.perf_counter()
        for x, y in loader:
            step(x.to(self.device), y.to(self.device))
        self.wait()
        return time.perf_counter() - started

    def resident_epoch(self, model: str, batch: int, samples: int) -> float:
        """Seconds of one epoch of data that lie on the GPU, whole batches only."""
        x, y = (a.to(self.device) for a in self.batch(model, samples))
        network, optimizer, step = self.trainer(model)
        order = self.engine.randperm(samples)
        first = order[:batch].to(self.device)
        step = self.fast(cuda_steps.gathering(step, x, y), network, optimizer, first)
        for _ in range(4):  # warm-up, and what minicnn.compile records and captures
            step(first)
        return cuda_steps.epoch(step, order, batch, self.device, self.wait)

    def accuracy(self, model: str, file: str, target: float, epochs: int, lr: float) -> dict[str, Any]:
        """One-cycle Adam, batch 128, until `target` test accuracy; `seconds` leaves out the evaluation."""
        arrays = np.load(file)
        x, y, test_x, test_y = (self.engine.from_numpy(arrays[name]) for name in ("x", "y", "test_x", "test_y"))
        loader = self.data.DataLoader(self.data.TensorDataset(x, y), batch_size=128, shuffle=True)
        network, optimizer, step = self.trainer(model, lr=lr)
        step = self.fast(step, network, optimizer)
        schedule = self.engine.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * len(loader))
        trained, reached, found, done = 0.0, False, 0.0, 0
        while done < epochs and not reached:
            done += 1
            network.train()
            started = time.perf_counter()
            for images, labels in loader:
                step(images.to(self.device), labels.to(self.device))
                schedule.step()
            self.wait()
            trained += time.perf_counter() - started
            found = self.right(network, test_x, test_y)
            reached = found >= target
        seconds = trained if reached else None
        return {"seconds": seconds, "epochs": done, "accuracy": found, "trained": trained}

    def right(self, network: Any, images: Any, labels: Any) -> float:
        """The share of the images that the network tells right."""
        network.eval()
        right = 0
        with self.engine.no_grad():
            for i in range(0, len(images), 1000):
                scores = network(images[i : i + 1000].to(self.device))
                right += int((scores.argmax(1).cpu() == labels[i : i + 1000]).sum().item())
        return right / len(images)


def peak_memory() -> float | None:
    """The largest resident set of this process so far, in MB; None where the system does not tell."""
    # Not ru_maxrss where it can be avoided: on Linux it starts at the size of the parent that forked us.
    with contextlib.suppress(OSError), open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def serve(options: argparse.Namespace) -> int:
    """Answer the parent's requests as the side that it asked for."""
    if options.worker == "peak":
        return harness.serve(lambda: Prepared(lambda: None), {"sgemm": harness.sgemm})
    if options.worker in competitors.NAMES:
        side = competitors.Competitor(options)
        return harness.serve(side.prepare, {"losses": side.losses})
    engine = Engine(options)
    calls = {name: getattr(engine, name) for name in ("losses", "first", "epoch", "accuracy")}
    return harness.serve(engine.prepare, calls)
