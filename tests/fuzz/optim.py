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


def schedule(draw: Draw, depth: int = 0) -> tuple[str, str]:
    """A scheduler's source, and what its `step` takes."""
    S = "optim.lr_scheduler"
    kind = draw.pick("StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts",
                     "LambdaLR", "LinearLR", *(("OneCycleLR", "ReduceLROnPlateau", "SequentialLR") if not depth else ()),
                     "MultiplicativeLR", "ConstantLR", "PolynomialLR")  # fmt: skip
    if kind == "SequentialLR":
        first, second = schedule(draw, 1)[0], schedule(draw, 1)[0]
        return f"{S}.SequentialLR(optimizer, [{first}, {second}], milestones=[{draw.int(1, 60)}])", ""
    options: dict = {
        "StepLR": {"step_size": draw.int(1, 40), **some(draw, {"gamma": draw.float(0.3, 1)}, 0.7)},
        "MultiStepLR": {"milestones": sorted(draw.ints(1, 99, 3)), **some(draw, {"gamma": draw.float(0.3, 1)}, 0.7)},
        "ExponentialLR": {"gamma": draw.float(0.9, 1.01)},
        "CosineAnnealingLR": {"T_max": draw.int(1, 120), **some(draw, {"eta_min": 1e-4}, 0.4)},
        "CosineAnnealingWarmRestarts": {"T_0": draw.int(1, 40), **some(draw, {"T_mult": draw.int(1, 3), "eta_min": 1e-4}, 0.5)},
        "LambdaLR": {}, "MultiplicativeLR": {},
        "LinearLR": some(draw, {"start_factor": draw.float(0.1, 1), "end_factor": draw.float(0.1, 1), "total_iters": draw.int(1, 60)}, 0.7),
        "OneCycleLR": {
            "max_lr": draw.float(0.01, 0.1), "total_steps": STEPS + draw.int(1, 9),
            **some(draw, {"pct_start": draw.float(0.1, 0.6), "anneal_strategy": draw.pick("cos", "linear"),
                          "cycle_momentum": draw.chance(0.5), "three_phase": draw.chance(0.5), "div_factor": draw.float(2, 30),
                          "final_div_factor": draw.pick(1e4, 10.0), "base_momentum": 0.8, "max_momentum": 0.9}, 0.5),
        },
        "ReduceLROnPlateau": some(
            draw, {"mode": draw.pick("min", "max"), "factor": draw.float(0.1, 0.9), "patience": draw.int(0, 10),
                   "threshold": draw.float(0, 0.5), "threshold_mode": draw.pick("rel", "abs"), "cooldown": draw.int(0, 5),
                   "min_lr": 1e-4}, 0.5),
        "ConstantLR": some(draw, {"factor": draw.float(0.1, 1), "total_iters": draw.int(1, 60)}, 0.7),
        "PolynomialLR": some(draw, {"total_iters": draw.int(1, 120), "power": draw.pick(1.0, 2.0)}, 0.7),
    }[kind]  # fmt: skip
    if kind in ("LambdaLR", "MultiplicativeLR"):
        factor = "1 / (1 + 0.1 * i)" if kind == "LambdaLR" else "0.98 if i % 3 else 1.01"
        return f"{S}.{kind}(optimizer, lambda i: {factor})", ""
    return call(f"{S}.{kind}", "optimizer", **options), "metrics[i]" if kind == "ReduceLROnPlateau" else ""


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
