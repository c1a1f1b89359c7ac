"""Schedules: their formulas by hand, and PyTorch's numbers digit for digit."""

from __future__ import annotations

import math
import pickle

import pytest

import minicnn
from minicnn import nn, optim
from minicnn.optim import lr_scheduler

STEPS = 25


def half(epoch):
    return 0.5**epoch


def slower(epoch):
    return 1 / (1 + epoch)


CASES = [
    ("StepLR", {"step_size": 4, "gamma": 0.3}),
    ("MultiStepLR", {"milestones": [3, 7, 7, 20], "gamma": 0.5}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("CosineAnnealingLR", {"T_max": 10, "eta_min": 0.001}),
    ("CosineAnnealingLR", {"T_max": 1}),
    ("LambdaLR", {"lr_lambda": half}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.5, "total_iters": 8}),
    ("OneCycleLR", {"max_lr": 0.3, "total_steps": 30}),
    ("OneCycleLR", {"max_lr": 0.3, "epochs": 3, "steps_per_epoch": 10, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": [0.3, 0.6], "total_steps": 30, "three_phase": True, "pct_start": 0.4}),
    ("OneCycleLR", {"max_lr": 0.3, "total_steps": 30, "cycle_momentum": False, "div_factor": 10.0}),
    ("MultiplicativeLR", {"lr_lambda": slower}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.2, "total_iters": 7}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 12, "power": 2.5}),
    ("CosineAnnealingWarmRestarts", {"T_0": 4}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.01}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4}),
    ("CyclicLR", {"base_lr": [0.01, 0.1], "max_lr": [0.1, 0.3], "step_size_up": 3, "step_size_down": 5}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "mode": "triangular2", "base_momentum": 0.5}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "mode": "exp_range", "gamma": 0.9}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "scale_fn": half, "cycle_momentum": False}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "scale_fn": half, "scale_mode": "iterations"}),
]


def groups(tensor, parameter):
    return [{"params": [parameter(tensor(1.0))]}, {"params": [parameter(tensor(1.0))], "lr": 0.01}]


def ours(rule="SGD", **options):
    return getattr(optim, rule)(groups(minicnn.tensor, nn.Parameter), lr=0.2, **options)


def trace(optimizer, scheduler, steps=STEPS):
    rows = []
    for _ in range(steps):
        rows.append(
            [(g["lr"], g.get("momentum"), g.get("betas")) for g in optimizer.param_groups] + [scheduler.get_last_lr()]
        )
        optimizer.step()
        scheduler.step()
    return rows


@pytest.mark.parametrize(("rule", "options"), [("SGD", {"momentum": 0.9}), ("Adam", {})])
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_numbers_are_torchs(name, arguments, rule, options):
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.optim, rule)(groups(torch.tensor, torch.nn.Parameter), lr=0.2, **options)
    their_schedule = getattr(torch.optim.lr_scheduler, name)(theirs, **arguments)
    mine = ours(rule, **options)
    my_schedule = getattr(lr_scheduler, name)(mine, **arguments)
    assert trace(mine, my_schedule) == trace(theirs, their_schedule)
    saved, expected = my_schedule.state_dict(), their_schedule.state_dict()
    assert saved == expected


def lrs(name, steps=STEPS, **arguments):
    optimizer = ours(momentum=0.9)
    return [row[0][0] for row in trace(optimizer, getattr(lr_scheduler, name)(optimizer, **arguments), steps)]


PLATEAUS = [
    {},
    {"patience": 0, "factor": 0.5, "min_lr": 0.02},
    {"mode": "max", "patience": 1, "cooldown": 3, "min_lr": [0.01, 0.001]},
    {"patience": 2, "threshold": 0.3, "threshold_mode": "abs"},
    {"mode": "max", "patience": 2, "threshold": 0.3, "threshold_mode": "abs", "eps": 0.01},
]


@pytest.mark.parametrize("arguments", PLATEAUS)
def test_plateaus_are_torchs(arguments):
    torch = pytest.importorskip("torch")
    losses = [1.0, 0.9, 0.9, 0.85, 0.9, 0.9, 0.91, 0.5, 0.5, 0.6, 0.7, math.nan, 0.4, 0.4, 0.4, 0.4, 0.1] + [0.3] * 20
    results = []
    for package, tensor, parameter in (
        (optim, minicnn.tensor, nn.Parameter),
        (torch.optim, torch.tensor, torch.nn.Parameter),
    ):
        optimizer = package.SGD(groups(tensor, parameter), lr=0.2)
        schedule = package.lr_scheduler.ReduceLROnPlateau(optimizer, **arguments)
        rows = []
        for loss in losses:
            schedule.step(tensor(loss))
            rows.append((schedule.get_last_lr(), schedule.num_bad_epochs, schedule.in_cooldown))
        results.append((rows, schedule.state_dict()))
    assert results[0] == results[1]
    again = lr_scheduler.ReduceLROnPlateau(ours(), **arguments)
    again.load_state_dict(results[0][1])
    assert again.state_dict() == results[1][1]


def test_a_plateau_by_hand():
    optimizer = ours()
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, factor=0.5)
    for loss in (1.0, 0.8, 0.81, 0.8):  # two epochs without anything better
        schedule.step(loss)
    assert schedule.get_last_lr() == [0.1, 0.005]
    optimizer.add_param_group({"params": [nn.Parameter(minicnn.ones(1))], "lr": 0.4})
    for loss in (0.9, 0.9):
        schedule.step(loss)
    assert schedule.get_last_lr() == [0.05, 0.0025, 0.2]
    with pytest.warns(UserWarning, match="The epoch parameter"):
        schedule.step(1.0, epoch=20)
    assert schedule.last_epoch == 20
    strict = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.0, 0.0, 0.0])
    optimizer.add_param_group({"params": [nn.Parameter(minicnn.ones(1))]})
    strict.step(1.0)
    with pytest.raises(RuntimeError, match=r"number of param groups in the `optimizer` \(4\) differs"):
        strict.step(1.0)


def sequence(module, optimizer):
    warm, cosine = module.LinearLR(optimizer, 0.1, total_iters=4), module.CosineAnnealingLR(optimizer, 5)
    return module.SequentialLR(optimizer, [warm, cosine, module.StepLR(optimizer, 2)], milestones=[4, 12])


def chain(module, optimizer):
    return module.ChainedScheduler([module.ConstantLR(optimizer, 0.1, 4), module.ExponentialLR(optimizer, 0.9)])


@pytest.mark.parametrize("make", [chain, sequence])
def test_schedules_of_schedules_are_torchs(make):
    torch = pytest.importorskip("torch")
    theirs = torch.optim.SGD(groups(torch.tensor, torch.nn.Parameter), lr=0.2)
    their_schedule = make(torch.optim.lr_scheduler, theirs)
    mine = ours()
    my_schedule = make(lr_scheduler, mine)
    assert trace(mine, my_schedule) == trace(theirs, their_schedule)
    assert my_schedule.state_dict() == their_schedule.state_dict()
    first, second = ours(), ours()
    whole = trace(first, make(lr_scheduler, first))
    first = ours()
    schedule = make(lr_scheduler, first)
    trace(first, schedule, 10)
    following = make(lr_scheduler, second)
    saved = pickle.loads(pickle.dumps((first.state_dict(), schedule.state_dict())))
    second.load_state_dict(saved[0])
    following.load_state_dict(saved[1])
    assert trace(second, following, STEPS - 10) == whole[10:]


def test_warm_restarts_at_fractions_of_an_epoch():
    torch = pytest.importorskip("torch")
    for arguments in ({"T_0": 3}, {"T_0": 2, "T_mult": 3, "eta_min": 0.01}):
        results = []
        for package, tensor, parameter in (
            (optim, minicnn.tensor, nn.Parameter),
            (torch.optim, torch.tensor, torch.nn.Parameter),
        ):
            optimizer = package.SGD(groups(tensor, parameter), lr=0.2)
            schedule = package.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, **arguments)
            rows = []
            for epoch in range(12):
                for part in range(4):
                    schedule.step(epoch + part / 4)
                    rows.append((schedule.get_last_lr(), schedule.last_epoch, schedule.T_cur, schedule.T_i))
            results.append(rows)
        assert results[0] == results[1]


def test_formulas():
    assert lrs("StepLR", step_size=4, gamma=0.3) == pytest.approx([0.2 * 0.3 ** (t // 4) for t in range(STEPS)])
    assert lrs("MultiStepLR", milestones=[3, 5]) == pytest.approx([0.2] * 3 + [0.02] * 2 + [0.002] * 20)
    assert lrs("ExponentialLR", gamma=0.9) == pytest.approx([0.2 * 0.9**t for t in range(STEPS)])
    assert lrs("LambdaLR", lr_lambda=half) == pytest.approx([0.2 * 0.5**t for t in range(STEPS)])
    cosine = [0.1 + 0.1 * (1 + math.cos(math.pi * t / 10)) / 2 for t in range(STEPS)]
    assert lrs("CosineAnnealingLR", T_max=10, eta_min=0.1) == pytest.approx(cosine)
    line = [0.2 * (0.5 + 0.5 * min(t, 4) / 4) for t in range(STEPS)]
    assert lrs("LinearLR", start_factor=0.5, total_iters=4) == pytest.approx(line)


def test_one_cycle_by_hand():
    optimizer = ours(momentum=0.9)
    rows = trace(optimizer, lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=21, pct_start=1 / 3), 21)
    lr, momentum = [r[0][0] for r in rows], [r[0][1] for r in rows]
    assert lr[0] == pytest.approx(1 / 25)
    assert momentum[0] == pytest.approx(0.95)
    assert lr[6] == max(lr) == pytest.approx(1.0)
    assert momentum[6] == min(momentum) == pytest.approx(0.85)
    assert lr[3] == pytest.approx((1 + 1 / 25) / 2)  # half-way up the cosine
    assert lr[20] == pytest.approx(1 / 25 / 1e4)
    assert momentum[20] == pytest.approx(0.95)
    assert lr[1:7] == sorted(lr[1:7])
    assert lr[6:] == sorted(lr[6:], reverse=True)


def test_one_cycle_ends():
    optimizer = ours(momentum=0.9)
    schedule = lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=3)
    with pytest.raises(ValueError, match=r"Tried to step 4 times. The specified number of total steps is 3"):
        trace(optimizer, schedule)


@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_a_saved_schedule_goes_on(name, arguments):
    optimizer = ours("Adam")
    whole = trace(optimizer, getattr(lr_scheduler, name)(optimizer, **arguments))
    first = ours("Adam")
    schedule = getattr(lr_scheduler, name)(first, **arguments)
    trace(first, schedule, 10)
    saved = pickle.loads(pickle.dumps((first.state_dict(), schedule.state_dict())))
    second = ours("Adam")
    following = getattr(lr_scheduler, name)(second, **arguments)
    second.load_state_dict(saved[0])
    following.load_state_dict(saved[1])
    assert trace(second, following, STEPS - 10) == whole[10:]


@pytest.mark.parametrize(("name", "arguments"), [c for c in CASES if c[0] not in ("OneCycleLR", "CyclicLR")])
def test_resuming_by_last_epoch(name, arguments):
    torch = pytest.importorskip("torch")
    results = []
    for package, tensor, parameter in (
        (optim, minicnn.tensor, nn.Parameter),
        (torch.optim, torch.tensor, torch.nn.Parameter),
    ):
        optimizer = package.SGD([{**g, "initial_lr": 0.4} for g in groups(tensor, parameter)], lr=0.2)
        schedule = getattr(package.lr_scheduler, name)(optimizer, **arguments, last_epoch=4)
        results.append(trace(optimizer, schedule))
    assert results[0] == results[1]


def test_order_of_steps():
    optimizer = ours()
    schedule = lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match=r"Detected call of `lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        schedule.step()
    schedule.step()  # once is enough
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.002)


def test_get_lr_and_epoch_warn():
    optimizer = ours()
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    with pytest.warns(UserWarning, match="please use `get_last_lr"):
        schedule.get_lr()
    optimizer.step()
    with pytest.warns(UserWarning, match="The epoch parameter"):
        schedule.step(3)
    assert schedule.get_last_lr() == pytest.approx([0.2 / 8, 0.01 / 8])


def test_a_learning_rate_that_is_a_tensor():
    lr = minicnn.tensor(0.5)
    optimizer = optim.SGD([nn.Parameter(minicnn.ones(1))], lr=lr)
    schedule = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == 0.25
    assert schedule.base_lrs[0].item() == 0.5


def test_callable_objects_keep_their_attributes():
    class Factor:
        def __init__(self, base):
            self.base = base

        def __call__(self, epoch):
            return self.base**epoch

    first = lr_scheduler.LambdaLR(ours(), [Factor(0.5), half])
    saved = first.state_dict()
    assert saved["lr_lambdas"] == [{"base": 0.5}, None]
    second = lr_scheduler.LambdaLR(ours(), [Factor(0.1), half])
    second.load_state_dict(saved)
    assert second.lr_lambdas[0].base == 0.5


WRONG = [
    ("LinearLR", {"start_factor": 0}, "Starting multiplicative factor .* got 0"),
    ("LinearLR", {"end_factor": 1.5}, "Ending multiplicative factor .* got 1.5"),
    ("LambdaLR", {"lr_lambda": [half]}, "Expected 2 lr_lambdas, but got 1"),
    ("MultiplicativeLR", {"lr_lambda": [half]}, "Expected 2 lr_lambdas, but got 1"),
    ("ConstantLR", {"factor": 1.5}, "Constant multiplicative factor .* between 0 and 1, but got 1.5"),
    ("CosineAnnealingWarmRestarts", {"T_0": 0}, "Expected positive integer T_0, but got 0"),
    ("CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 1.5}, "Expected integer T_mult >= 1, but got 1.5"),
    ("CosineAnnealingWarmRestarts", {"T_0": 1, "eta_min": "x"}, "Expected float or int eta_min, but got x"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "mode": "round"}, "mode is invalid and scale_fn is None"),
    ("CyclicLR", {"base_lr": [0.1], "max_lr": 1.0}, "base_lr has 1 values, param_groups has 2"),
    ("ReduceLROnPlateau", {"factor": 1.0}, "Factor should be < 1.0, but got 1.0"),
    ("ReduceLROnPlateau", {"mode": "best"}, "mode best is unknown!"),
    ("ReduceLROnPlateau", {"threshold_mode": "x"}, "threshold mode x is unknown!"),
    ("ReduceLROnPlateau", {"min_lr": [0.1]}, "expected 2 min_lrs, got 1"),
    ("SequentialLR", {"schedulers": [], "milestones": []}, "at least one scheduler, but got no scheduler"),
    ("OneCycleLR", {"max_lr": 1.0}, "You must define either total_steps"),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 0}, "Expected positive integer total_steps, but got 0"),
    ("OneCycleLR", {"max_lr": 1.0, "epochs": 1.5, "steps_per_epoch": 3}, "integer epochs, but got 1.5"),
    (
        "OneCycleLR",
        {"max_lr": 1.0, "epochs": 2, "steps_per_epoch": -3},
        "integer steps_per_epoch, but got -3",
    ),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 9, "pct_start": 2.0}, "pct_start, but got 2.0"),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 9, "anneal_strategy": "step"}, "instead got step"),
    ("OneCycleLR", {"max_lr": [1.0], "total_steps": 9}, "max_lr has 1 values, param_groups has 2"),
]


@pytest.mark.parametrize(("name", "arguments", "text"), WRONG)
def test_errors(name, arguments, text):
    with pytest.raises(ValueError, match=text):
        getattr(lr_scheduler, name)(ours(momentum=0.9), **arguments)


def test_more_errors():
    with pytest.raises(TypeError, match="Linear is not an Optimizer"):
        lr_scheduler.StepLR(nn.Linear(1, 1), 3)
    with pytest.raises(KeyError, match="initial_lr"):
        lr_scheduler.StepLR(ours(), 3, last_epoch=2)

    class Plain(optim.Optimizer):
        def step(self, closure=None):
            return None

    plain = Plain([nn.Parameter(minicnn.ones(1))], {"lr": 0.1})
    with pytest.raises(ValueError, match="must support momentum or beta1"):
        lr_scheduler.OneCycleLR(plain, 1.0, total_steps=3)
    with pytest.raises(NotImplementedError):
        lr_scheduler.LRScheduler(plain)
    with pytest.raises(TypeError, match="lr_lambda should be a function, but got float"):
        lr_scheduler.MultiplicativeLR(ours(), 0.5)
    with pytest.raises(ValueError, match="non-negative epoch, but got -1"):
        lr_scheduler.CosineAnnealingWarmRestarts(ours(), 3).step(-1)
    one, two = ours(), ours()
    first, other = lr_scheduler.StepLR(one, 3), lr_scheduler.StepLR(two, 3)
    with pytest.raises(ValueError, match="number of schedulers 1 and the number of milestones to be equal to 1"):
        lr_scheduler.SequentialLR(one, [first], [3])
    with pytest.raises(ValueError, match=r"expects all schedulers to belong to the same optimizer.* at index 1"):
        lr_scheduler.ChainedScheduler([first, other])
    with pytest.raises(ValueError, match=r"does not support `ReduceLROnPlateau` .* at index 0"):
        lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(one)])
    with pytest.raises(TypeError, match="at index 1 should have `optimizer` as its attribute"):
        lr_scheduler.SequentialLR(one, [first, 3], [3])
