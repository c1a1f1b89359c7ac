"""The schedules of the training command: planned for the length of a run, and resumed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from runs import history, resume, run, whole_and_resumed

import minicnn
from minicnn import nn, optim, train
from minicnn.training import loop
from minicnn.training.data import ImageArray
from minicnn.training.schedules import SCHEDULES
from minicnn.utils.data import DataLoader


def rates(schedule, epochs, batches=3):
    """The learning rate after each epoch (of the first batch, for one that changes with every batch)."""
    optimizer = optim.SGD([minicnn.zeros(1, requires_grad=True)], lr=0.8)
    plan = SCHEDULES[schedule]
    scheduler = plan.build(optimizer, 0.8, epochs, batches)
    found = []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        for _ in range(batches):
            optimizer.step()
            if plan.every_batch:
                scheduler.step()
        if scheduler is not None and not plan.every_batch:
            scheduler.step(*([1.0] if schedule == "plateau" else []))
    return found


def test_schedules_fit_the_length_of_the_run():
    tenth, hundredth = 0.1 ** np.arange(3), 0.01 ** (np.arange(6) / 6)
    expected = {
        "constant": [0.8] * 6,
        "step": 0.8 * np.repeat(tenth, 2),
        "multi-step": 0.8 * np.array([1, 1, 1, 0.1, 0.01, 0.01]),
        "exponential": 0.8 * hundredth,
        "linear": 0.8 * np.linspace(1, 0.01, 7)[:6],
        "cosine": 0.4 * (1 + np.cos(np.pi * np.arange(6) / 6)),
        "cosine-restarts": [0.8, 0.4] * 3,
        "plateau": 0.8 * np.array([1, 1, 1, 1, 0.1, 0.1]),
    }
    assert set(expected) | {"one-cycle"} == set(SCHEDULES)
    for name, values in expected.items():
        np.testing.assert_allclose(rates(name, 6), values, rtol=1e-9, err_msg=name)
    cycle = rates("one-cycle", 6)
    assert max(cycle) == pytest.approx(0.8, rel=0.1)
    assert cycle[0] < 0.1 > cycle[-1]
    for name in SCHEDULES:
        assert len(rates(name, 1)) == 1  # the shortest run


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("optimizer", ["sgd", "nadam", "adadelta", "rmsprop"])
def test_every_schedule_and_optimiser_goes_on_where_it_stopped(schedule, optimizer):
    images = ImageArray(np.random.default_rng(0).integers(0, 256, (60, 4, 4), np.uint8), np.arange(60) % 3)

    def trainer():
        minicnn.manual_seed(3)
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
        loaders = DataLoader(images, 20, shuffle=True), DataLoader(images, 30)
        steps = train.OPTIMIZERS[optimizer](model.parameters(), lr=0.01)
        plan = SCHEDULES[schedule]
        return loop.Trainer(
            model, steps, plan.build(steps, 0.01, 5, 3), *loaders, epochs=5, step_every_batch=plan.every_batch
        )

    whole, second = whole_and_resumed(trainer, lambda first, totals: (len(first.history), totals.batches) == (3, 2))
    for ours, theirs in zip(second.model.parameters(), whole.model.parameters(), strict=True):
        np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())
    drop_seconds = lambda trained: [replace(epoch, seconds=0) for epoch in trained.history]  # noqa: E731
    assert drop_seconds(second) == drop_seconds(whole)
    changes = {epoch.lr for epoch in whole.history}
    assert (len(changes) > 1) == (schedule not in ("constant", "plateau"))


def test_a_planned_schedule_cannot_get_longer(small, capsys):
    run("--epochs", 1, "--output", "a", "--schedule", "cosine")
    resume("a", "--epochs", 3, expect=2)
    assert "this run's learning rates are planned to its end" in capsys.readouterr().err
    run("--epochs", 1, "--output", "b", "--schedule", "plateau")
    resume("b", "--epochs", 2)
    assert len(history("b")) == 2


def test_planned_learning_rates_end_where_they_were_planned_to(small, capsys):
    run("--epochs", 1, "--output", "out")
    resume("out", "--epochs", 2, expect=2)
    assert "planned to its end" in capsys.readouterr().err
