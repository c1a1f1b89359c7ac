"""Small random networks from a seed's weights: outputs, gradients, and training steps, eager and compiled."""

from __future__ import annotations

from .case import Case, Draw, call

ACTIVATIONS = ("nn.ReLU()", "nn.Tanh()", "nn.Sigmoid()", "nn.ReLU(inplace=True)", "nn.LeakyReLU(0.1)", "nn.ELU()",
               "nn.SiLU()", "nn.GELU()", "nn.Softplus()", "nn.Hardtanh()")  # fmt: skip
OPTIMIZERS = ("SGD(net.parameters(), lr=0.05)", "SGD(net.parameters(), lr=0.02, momentum=0.9)",
              "SGD(net.parameters(), lr=0.02, momentum=0.9, nesterov=True, weight_decay=0.01)",
              "Adam(net.parameters(), lr=0.003)", "AdamW(net.parameters(), lr=0.003)",
              "Adam(net.parameters(), lr=0.003, amsgrad=True)")  # fmt: skip

BEFORE = (  # what a step may do to its images x and classes t; torch draws masks in memory order, hence contiguous()
    "x = (x - x.mean()) / x.std()", "x = x * 0.5 + 0.1", "x = x[:, :, :, :].contiguous()", "x = x.flip(3)",
    "x = m.cat([x, x], 0)[: len(t)]", "t = t.clone()", "x = F.dropout(x.contiguous(), 0.2)", "x = x.clamp(-1, 1)",
    "x = x + 0.01 * m.randn(x.shape, dtype=x.dtype)", "x = m.where(x > 0, x, 0.1 * x)",
    "x = F.pad(x, (1, 0, 0, 1))[:, :, 1:, :-1]",
)  # fmt: skip


def case(draw: Draw) -> Case:
    """One of them."""
    return draw.pick(gradients, training, training)(draw)


def layers(draw: Draw) -> tuple[list[str], tuple[int, int, int, int], int]:
    """The layers of a classifier, the shape of its input, and the number of classes."""
    c, h = draw.pick(1, 2, 3), draw.int(6, 16)
    batch = draw.pick(2, 3, 8, 16, 17)
    shape = (batch, c, h, h)
    made: list[str] = []
    for _ in range(draw.int(1, 3)):
        k = draw.pick(2, 3, 4, 6, 8)
        kernel = draw.pick(1, 2, 3, 3, 5)
        padding = draw.pick(0, kernel // 2)
        if h + 2 * padding - kernel < 1:
            break
        stride = draw.pick(1, 1, 1, 2)
        norms = (f"nn.BatchNorm2d({k})", f"nn.BatchNorm2d({k})", f"nn.GroupNorm(1, {k})", "nn.LocalResponseNorm(3)")
        norm = draw.pick(*norms) if draw.chance(0.3) else ""
        # the gradient of a bias before batch norm is rounding alone, and Adam makes whole steps of it
        more = {"bias": False} if "Batch" in norm or draw.chance(0.2) else {}
        if draw.chance(0.1) and c % 2 == 0 and k % 2 == 0:
            more["groups"] = 2
        if draw.chance(0.1):
            more["padding_mode"] = draw.pick("replicate", "circular")
        made.append(call("nn.Conv2d", c, k, kernel, stride=stride, padding=padding, **more))
        h, c = (h + 2 * padding - kernel) // stride + 1, k
        made += [norm] if norm else []
        activated = draw.chance(0.85)
        if activated and draw.chance(0.8):
            made.append(draw.pick(*ACTIVATIONS[:3], *ACTIVATIONS))
            activated = False
        if h >= 2 and draw.chance(0.7):
            made.append(
                draw.pick("nn.MaxPool2d(2)", "nn.MaxPool2d(2)", "nn.AvgPool2d(2)", "nn.MaxPool2d(2, ceil_mode=True)")
            )
            h = -(-h // 2) if "ceil" in made[-1] else h // 2
        if activated:
            made.append(draw.pick(*ACTIVATIONS[:3]))
        if draw.chance(0.2):
            made.append(draw.pick("nn.Dropout2d(0.3)", "nn.Dropout(0.5)", "nn.Dropout(0.25)"))
    if draw.chance(0.15):
        made.append("nn.AdaptiveAvgPool2d(1)")
        h = 1
    made.append("nn.Flatten()")
    length = c * h * h
    if draw.chance(0.6):
        hidden = draw.pick(5, 10, 16, 84)
        made += [f"nn.Linear({length}, {hidden})", draw.pick(*ACTIVATIONS[:4])]
        length = hidden
        if draw.chance(0.3):
            made.append("nn.Dropout(0.5)")
    classes = draw.pick(2, 5, 10)
    made.append(f"nn.Linear({length}, {classes})")
    return made, shape, classes


def network(draw: Draw, dtype: str) -> tuple[list[str], tuple[int, ...], int]:
    """The source that makes a network, its input's shape, and the number of classes."""
    made, shape, classes = layers(draw)
    text = ", ".join(made)
    return [f"m.manual_seed({draw.int(0, 99)})", f"net = nn.Sequential({text}).to(m.{dtype})"], shape, classes


def gradients(draw: Draw) -> Case:
    """Outputs and all gradients, in one of the modes"""
    dtype = draw.pick("float64", "float32")
    source, shape, _ = network(draw, dtype)
    x = draw.input("x", shape, dtype)
    source += [f"layer = net{draw.pick('', '.eval()')}", f"y = layer({x})"]
    return draw.case("\n".join(source), second=draw.chance(0.1) and dtype == "float64", looser=20)


def training(draw: Draw) -> Case:
    """Steps of training: the losses, and the parameters at the end; half of them compiled"""
    dtype = draw.pick("float64", "float64", "float32")
    source, shape, classes = network(draw, dtype)
    steps = 5 if dtype == "float64" else 3
    x = draw.input("x", (steps, *shape), dtype, grad=False)
    t = draw.input("t", (steps, shape[0]), "int64", "whole", high=classes)
    loss = draw.pick("F.cross_entropy(net(x), t)", "nn.CrossEntropyLoss()(net(x), t)",
                     "F.nll_loss(F.log_softmax(net(x), dim=1), t)",
                     "F.cross_entropy(net(x), t, label_smoothing=0.1)", "F.cross_entropy(net(x), t, ignore_index=1)",
                     "F.cross_entropy(net(x), t, label_smoothing=0.2, ignore_index=0)",
                     f"F.cross_entropy(net(x), t, m.arange(1, {classes + 1}).to(x.dtype))",
                     f"F.mse_loss(net(x), F.one_hot(t, {classes}).to(x.dtype))")  # fmt: skip
    clip = ["    nn.utils.clip_grad_norm_(net.parameters(), 0.5)"] if draw.chance(0.15) else []
    before = draw.pick("", "", *BEFORE)
    # Between two norms the gradient of the first one's bias is rounding alone, and |p| and Adam make whole steps of it.
    # In float32 that of any bias can be.
    steady = dtype == "float64" and source[1].count("Norm") < 2
    more = ("", "", " + 0.01 * sum(p.pow(2).sum() for p in net.parameters())",
            " + 1e-3 * sum(p.abs().mean() for p in net.parameters())")  # fmt: skip
    loss += draw.pick(*(more if steady else more[:3]))
    metric = draw.pick("loss", "(out.argmax(1) == t).sum()", "m.max(out, 1)[1].eq(t).sum()", "out.detach().mean()",
                       "out.softmax(1).max()", "out.topk(2)[1].sum()", "(out.argmax(1) == t).sum() / 7")  # fmt: skip
    after = draw.pick("", "", "net[-1].bias.data.clamp_(-0.3, 0.3)", "with m.no_grad(): net[-1].weight.mul_(0.99)")
    source += [f"optimizer = optim.{draw.pick(*(OPTIMIZERS if steady else OPTIMIZERS[:3]))}"]
    source += [
        "def step(x, t):",
        "    optimizer.zero_grad()",
        *([f"    {before}"] if before else []),
        "    out = net(x)",
    ]
    source += [f"    loss = {loss.replace('net(x)', 'out')}", "    loss.backward()", *clip, "    optimizer.step()"]
    source += [*([f"    {after}"] if after else []), f"    return loss, {metric}"]
    source += ["step = compiled(step)"] if draw.chance(0.6) else []
    source += [f"losses = [[v.item() for v in step({x}[i], {t}[i])] for i in range({steps})]"]
    source += ["y = (m.tensor(losses, dtype=x.dtype), *(p.detach() for p in net.parameters()), *net.buffers())"]
    looser = 100 if dtype == "float64" else 300  # rounding grows with every step
    return draw.case("\n".join(source), second=False, looser=looser)
