"""minicnn.compile: a replayed step does what the plain one does, bit for bit."""

import numpy as np
import pytest
from steps import Net, batches, check_same

import minicnn
from minicnn import kernels, nn, optim
from minicnn.nn import functional as F


@pytest.mark.parametrize("size", [3, 19])
@pytest.mark.parametrize(
    ("activation", "pool"), [(nn.Tanh, nn.AvgPool2d), (nn.ReLU, nn.MaxPool2d), (nn.SiLU, nn.MaxPool2d)]
)
def test_a_replayed_step_has_the_same_bits(backend, size, activation, pool):
    check_same(batches(size), make=lambda: Net(activation, pool), lr=0.01)


WEIGHTS = minicnn.tensor([0.5, 2.0, 1.0, 1.5, 0.7])


LOSSES = {
    "nll of log softmax": lambda x, y: F.nll_loss(F.log_softmax(x, 1), y),
    "weights": lambda x, y: F.cross_entropy(x, y, WEIGHTS, ignore_index=2),
    "smoothed": lambda x, y: F.cross_entropy(x, y, WEIGHTS, label_smoothing=0.1),
    "mse": lambda x, y: F.mse_loss(F.softmax(x, 1).sum(1), y.float()),
    "huber": lambda x, y: F.huber_loss(x.sum(1), y.float()),
    "bce": lambda x, y: F.binary_cross_entropy(F.sigmoid(x.sum(1)), (y > 2).float()),
    "logits": lambda x, y: F.binary_cross_entropy_with_logits(x.sum(1), (y > 2).float(), pos_weight=WEIGHTS[:1]),
    "divergence": lambda x, y: F.kl_div(F.log_softmax(x, 1), F.softmax(x.detach() * 2, 1), reduction="batchmean"),
    "hinge": lambda x, y: F.hinge_embedding_loss(x.sum(1), (y > 2).float() * 2 - 1),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_losses_are_replayed_with_the_same_bits(loss):
    check_same(batches(19), criterion=LOSSES[loss], lr=0.01)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: nn.GroupNorm(3, 12), lambda: nn.LayerNorm(12), nn.PReLU, nn.GELU, nn.Hardswish,
        lambda: nn.Sequential(nn.SELU(), nn.AlphaDropout(0.2)), lambda: nn.Softmax(1), lambda: nn.RMSNorm(12),
        lambda: nn.Sequential(nn.Unflatten(1, (3, 4)), nn.InstanceNorm1d(3, affine=True), nn.Flatten()),
    ],
)  # fmt: skip
def test_layers_are_replayed_with_the_same_bits(layer):
    def make():
        return nn.Sequential(nn.Conv2d(1, 12, 10), nn.Flatten(), layer(), nn.Linear(12, 5))

    check_same(batches(19), make=make, lr=0.01)


def test_log_softmax_and_its_likelihood_need_no_python():
    model = nn.Linear(100, 5)

    @minicnn.compile
    def step(x, y):
        loss = F.nll_loss(F.log_softmax(model(x.flatten(1)), 1), y, WEIGHTS)
        loss.backward()
        return loss

    x, y = batches(19, 1)[0]
    for _ in range(2):
        step(x, y)
    with kernels.record() as used:
        step(x, y)
    names = [use.kernel for use in used]
    assert names.count("softmax") == names.count("nll") == 2, names


class Autoencoder(nn.Module):
    """Down with the places of the maxima, up again, by each way there is."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
        self.up = nn.Sequential(nn.Upsample(scale_factor=1.5, mode="bilinear"), nn.PixelShuffle(2), nn.Upsample((9, 7)))
        self.down = nn.Sequential(nn.ConvTranspose2d(1, 2, 2), nn.AdaptiveMaxPool2d((3, 2)))
        self.last = nn.Linear(12, 5)

    def forward(self, x):
        values, places = self.pool(self.conv(x))
        return self.last(self.down(self.up(self.unpool(values.tanh(), places))).flatten(1))


LAYERS = {
    "lines": lambda: nn.Sequential(
        nn.Flatten(2), nn.Conv1d(1, 4, 5, 2, 2, padding_mode="circular"), nn.ReLU(inplace=True), nn.MaxPool1d(3, 2, 1),
        nn.ConvTranspose1d(4, 3, 3, 2, bias=False), nn.AvgPool1d(2), nn.Upsample(17, mode="linear"),
        nn.AdaptiveMaxPool1d(5), nn.LocalResponseNorm(2, 0.1), nn.AdaptiveAvgPool1d(3), nn.Flatten(), nn.Linear(9, 5),
    ),
    "borders": lambda: nn.Sequential(
        nn.ReflectionPad2d(2), nn.Conv2d(1, 3, 3, padding="same", padding_mode="replicate"),
        nn.ZeroPad2d((1, 0, 2, -1)), nn.CircularPad2d(1), nn.LocalResponseNorm(3, 0.2), nn.LPPool2d(1, 2),
        nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(27, 5),
    ),
    "up and down": Autoencoder,
    "in place": lambda: nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(3, 4, 2, padding=1),
        nn.LeakyReLU(0.1, inplace=True), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(36, 5), nn.ReLU(inplace=True),
    ),
    "running statistics": lambda: nn.Sequential(
        nn.BatchNorm2d(1), nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, momentum=None), nn.ReLU(), nn.Flatten(),
        nn.Linear(256, 5),
    ),
}  # fmt: skip


@pytest.mark.parametrize("size", [3, 19])
@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_can_be_replayed(backend, size, name):
    check_same(batches(size), make=LAYERS[name], optimizer=optim.SGD, lr=0.01)


@pytest.mark.parametrize(
    "options",
    [
        {"optimizer": optim.SGD, "lr": 0.1},
        {"optimizer": optim.SGD, "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
        {"optimizer": optim.AdamW, "lr": 0.01, "amsgrad": True},
        {"optimizer": optim.RMSprop, "lr": 0.001, "momentum": 0.9, "centered": True},
        {"optimizer": optim.NAdam, "lr": 0.01},
        {"optimizer": optim.ASGD, "lr": 0.1, "t0": 1},
    ],
    ids=["SGD", "momentum", "AdamW", "RMSprop", "NAdam", "ASGD"],
)
def test_every_optimiser_counts_its_steps(options):
    check_same(batches(4), **options)


def test_the_learning_rate_of_the_moment_is_used():
    def before(i, model, optimizer):
        optimizer.param_groups[0]["lr"] = 0.1 / (i + 1)

    check_same(batches(4), before=before, optimizer=optim.SGD, lr=1.0)


@pytest.mark.parametrize("how", ["accumulate", "zero", "outside"])
def test_gradients_accumulate_as_ever(how):
    def grads(compiled):
        minicnn.manual_seed(0)
        model = nn.Linear(3, 2)

        def step(x):
            if how == "zero":
                model.zero_grad(set_to_none=False)
            (model(x) ** 2).sum().backward()
            (model(x * 2)).sum().backward()

        run = minicnn.compile(step) if compiled else step
        seen = []
        rng = np.random.default_rng(0)
        for _ in range(6):
            if how == "outside":
                model.zero_grad()
            run(minicnn.tensor(rng.standard_normal((4, 3)).astype(np.float32)))
            seen.append([p.grad.numpy().copy() for p in model.parameters()])
        return seen

    for a, b in zip(grads(False), grads(True), strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])


def test_draws_are_drawn_anew():
    def noise(x):
        y = minicnn.rand(3) + minicnn.randn_like(x) + minicnn.randint(0, 9, (3,)).float() + minicnn.empty(3).normal_()
        return y + minicnn.randperm(3) * x.bernoulli(0.5)

    def run(function):
        minicnn.manual_seed(3)
        return [function(minicnn.zeros(3)).tolist() for _ in range(5)]

    assert run(minicnn.compile(noise)) == run(noise)


def test_a_norm_that_becomes_zero_in_a_replay_has_the_slope_zero():
    weight = nn.Parameter(minicnn.ones(3))
    optimizer = optim.SGD([weight], lr=0.0)
    calls = []

    @minicnn.compile
    def step(x):
        calls.append(1)
        optimizer.zero_grad()
        loss = (weight * x).norm()
        loss.backward()
        optimizer.step()
        return loss

    for x in ([1.0, 2.0, 2.0], [3.0, 0.0, 4.0], [1.0, 2.0, 2.0], [0.0, 0.0, 0.0], [0.0, 3.0, 4.0]):
        loss = step(minicnn.tensor(x)).item()
        size = sum(v * v for v in x) ** 0.5
        assert loss == pytest.approx(size)
        np.testing.assert_allclose(weight.grad.numpy(), [v * v / size if size else 0 for v in x], rtol=1e-6)
    assert len(calls) == 2


ORDERED = minicnn.tensor([2, 0, 1])


PICKS = {
    "amax": lambda t: t.amax(1),
    "cummax": lambda t: t.cummax(1)[0],
    "gather": lambda t: t.gather(1, ORDERED.view(3, 1)),
    "index_select": lambda t: t.index_select(0, ORDERED),
    "max": lambda t: t.max(1)[0],
    "multi_margin_loss": lambda t: F.multi_margin_loss(t, ORDERED),
    "sort": lambda t: t.sort(1, descending=True)[0][:, 0],
    "split": lambda t: t.split(2, 1)[1],
    "topk": lambda t: t.topk(2, 1)[0],
    "unbind": lambda t: t.unbind(0)[1],
}


@pytest.mark.parametrize("pick", PICKS.values(), ids=PICKS)
def test_what_is_picked_is_picked_anew(pick):
    data = np.random.default_rng(0).normal(size=(5, 3, 4)).astype(np.float32)
    weights = []
    for wrap in (lambda step: step, minicnn.compile):
        weight = nn.Parameter(minicnn.ones(3, 4))
        optimizer = optim.SGD([weight], lr=0.1)

        @wrap
        def step(x, weight=weight, optimizer=optimizer):
            optimizer.zero_grad()
            (pick(weight * x) ** 2).sum().backward()
            optimizer.step()

        for x in data:  # another order, another place of the largest in each
            step(minicnn.tensor(x))
        weights.append(weight)
    assert len(step.steps) == 1
    np.testing.assert_array_equal(weights[0].detach(), weights[1].detach())
