"""Optimisers with drawn options and schedules of the learning rate, over 100 steps of drawn gradients."""

from __future__ import annotations

from .case import Case, Draw, call, some

STEPS = 100

OPTIMIZERS: dict[str, dict] = {
    "SGD": {"momentum": (0, 0.5, 0.9), "dampening": (0, 0.2), "weight_decay": (0, 0.01), "nesterov": (True, False),
            "maximize": (False, True)},
    "Adam": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0, 0.1),
             "amsgrad": (False, True), "maximize": (False, True)},
    "AdamW": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0.01, 0.1),
              "amsgrad": (False, True), "maximize": (False, True)},
    "Adagrad": {"lr_decay": (0, 0.01), "weight_decay": (0, 0.1), "initial_accumulator_value": (0, 0.5),
                "eps": (1e-10, 1e-3), "maximize": (False, True)},
    "RMSprop": {"alpha": (0.99, 0.5), "eps": (1e-8, 1e-3), "weight_decay": (0, 0.1), "momentum": (0, 0.9),
                "centered": (False, True), "maximize": (False, True)},
    "Adadelta": {"rho": (0.9, 0.5), "eps": (1e-6, 1e-3), "weight_decay": (0, 0.1), "maximize": (False, True)},
    "NAdam": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0, 0.1),
              "momentum_decay": (0.004, 0.1), "decoupled_weight_decay": (False, True), "maximize": (False, True)},
    "RAdam": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0, 0.1),
              "decoupled_weight_decay": (False, True), "maximize": (False, True)},
    "Adamax": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0, 0.1),
               "maximize": (False, True)},
}  # fmt: skip


ONE_CYCLE = {
    "pct_start": (0.1, 0.3, 0.6), "anneal_strategy": ("cos", "linear"), "cycle_momentum": (True, False),
    "three_phase": (True, False), "div_factor": (2.0, 25.0), "final_div_factor": (1e4, 10.0), "base_momentum": (0.8,),
    "max_momentum": (0.9,),
}  # fmt: skip
PLATEAU = {
    "mode": ("min", "max"), "factor": (0.1, 0.5, 0.9), "patience": (0, 3, 10), "threshold": (0.0, 0.1, 0.5),
    "threshold_mode": ("rel", "abs"), "cooldown": (0, 2, 5), "min_lr": (0, 1e-4),
}  # fmt: skip
SCHEDULES: dict[str, tuple[dict, dict]] = {  # arguments that are needed, and others
    "StepLR": ({"step_size": (1, 7, 30)}, {"gamma": (0.3, 0.9)}),
    "MultiStepLR": ({"milestones": ([2, 30, 70], [10], [5, 5, 90])}, {"gamma": (0.3, 0.9)}),
    "ExponentialLR": ({"gamma": (0.9, 0.99, 1.01)}, {}),
    "CosineAnnealingLR": ({"T_max": (1, 20, 50, 120)}, {"eta_min": (1e-4,)}),
    "CosineAnnealingWarmRestarts": ({"T_0": (1, 7, 40)}, {"T_mult": (1, 2, 3), "eta_min": (1e-4,)}),
    "LinearLR": ({}, {"start_factor": (0.1, 0.5, 1.0), "end_factor": (0.2, 1.0), "total_iters": (1, 20, 60)}),
    "ConstantLR": ({}, {"factor": (0.1, 0.5), "total_iters": (1, 20, 60)}),
    "PolynomialLR": ({}, {"total_iters": (1, 20, 120), "power": (1.0, 2.0)}),
    "OneCycleLR": ({"max_lr": (0.02, 0.1), "total_steps": (STEPS + 1, STEPS + 9)}, ONE_CYCLE),
    "ReduceLROnPlateau": ({}, PLATEAU),
    "LambdaLR": ({}, {}), "MultiplicativeLR": ({}, {}), "SequentialLR": ({}, {}),
}  # fmt: skip
FACTORS = {"LambdaLR": "1 / (1 + 0.1 * i)", "MultiplicativeLR": "0.98 if i % 3 else 1.01"}
ALONE = ("OneCycleLR", "ReduceLROnPlateau", "SequentialLR")  # not within another one


def schedule(draw: Draw, inner: bool = False) -> tuple[str, str]:
    """A scheduler's source, and what its `step` takes."""
    kind = draw.pick(*(name for name in SCHEDULES if not (inner and name in ALONE)))
    name = f"optim.lr_scheduler.{kind}"
    if kind == "SequentialLR":
        parts = ", ".join(schedule(draw, inner=True)[0] for _ in range(2))
        return f"{name}(optimizer, [{parts}], milestones=[{draw.int(1, 60)}])", ""
    if kind in FACTORS:
        return f"{name}(optimizer, lambda i: {FACTORS[kind]})", ""
    needed, more = ({key: draw.pick(*values) for key, values in part.items()} for part in SCHEDULES[kind])
    text = call(name, "optimizer", **needed, **some(draw, more, 0.5))
    return text, "metrics[i]" if kind == "ReduceLROnPlateau" else ""


def case(draw: Draw) -> Case:
    """Parameters and learning rates after every tenth step; in between, now and then, the state is saved and loaded"""
    name = draw.pick(*OPTIMIZERS)
    options = some(draw, {key: draw.pick(*values) for key, values in OPTIMIZERS[name].items()}, 0.5)
    if draw.chance(0.9) or name == "SGD":
        options["lr"] = draw.pick(0.1, 0.01, 0.003)
    if name == "SGD" and options.get("nesterov"):
        options |= {"momentum": 0.9, "dampening": 0}
    dtype = draw.pick("float64", "float64", "float32")
    shapes = [draw.ints(1, 5, draw.int(0, 3)) for _ in range(draw.int(1, 3))]
    for k, shape in enumerate(shapes):
        draw.input(f"p{k}", shape, dtype)
        draw.inputs[-1].memory = "plain"
        draw.input(f"g{k}", (STEPS, *shape), dtype, grad=False)
    draw.input("metrics", (STEPS,), "float64", grad=False)
    group = f"[{', '.join(f'p{k}' for k in range(len(shapes)))}]"
    if len(shapes) > 1 and draw.chance(0.4):
        group = (
            "[{'params': [p0], 'lr': 0.02}, {'params': [" + ", ".join(f"p{k}" for k in range(1, len(shapes))) + "]}]"
        )
    make = call(f"optim.{name}", group, **options)
    source = [f"optimizer = {make}"]
    step = ""
    if draw.chance(0.7):
        text, argument = schedule(draw)
        source.append(f"scheduler = {text}")
        step = f"    scheduler.step({argument})"
    source += [f"y = []\nfor i in range({STEPS}):", "    optimizer.zero_grad()"]
    source += [f"    p{k}.grad = g{k}[i].clone()" for k in range(len(shapes))]
    if len(shapes) > 1 and draw.chance(0.3):
        source.append(f"    if i % 3 == 0: p{len(shapes) - 1}.grad = None")
    source += ["    optimizer.step()", step] if step else ["    optimizer.step()"]
    source += ["    y.append([group['lr'] for group in optimizer.param_groups])"]
    source += ["    if i % 10 == 9:", f"        y += [p.detach().clone() for p in ({group_names(len(shapes))})]"]
    if draw.chance(0.3):
        source += ["    if i == 50:", "        state = optimizer.state_dict()", f"        optimizer_2 = {make}"]
        source += ["        optimizer_2.load_state_dict(state)"]
        if not step:
            source += ["        optimizer = optimizer_2"]
    return draw.case("\n".join(source), second=False, looser=10)


def group_names(count: int) -> str:
    """p0, p1, …"""
    return "".join(f"p{k}, " for k in range(count))
