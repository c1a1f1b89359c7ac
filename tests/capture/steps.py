"""What the tests of minicnn.compile share: a network, its batches, and a training with and without a recording."""

import numpy as np

import minicnn
from minicnn import nn, optim
from minicnn.nn import functional as F

STEPS = 6


class Net(nn.Module):
    """A little of everything that LeNet-5 and its relatives are made of."""

    def __init__(self, activation=nn.Tanh, pool=nn.AvgPool2d):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 4, 3)
        self.activation, self.pool, self.dropout = activation(), pool(2), nn.Dropout(0.3)
        self.fc1, self.fc2 = nn.Linear(4 * 9, 12), nn.Linear(12, 5)

    def forward(self, x):
        x = self.pool(self.activation(self.conv1(x)))
        x = self.activation(self.conv2(x)).flatten(1)
        return self.fc2(self.dropout(self.activation(self.fc1(x))))


def batches(size, count=STEPS, seed=0):
    rng = np.random.default_rng(seed)
    return [
        (
            minicnn.tensor(rng.standard_normal((size, 1, 10, 10)).astype(np.float32)),
            minicnn.tensor(rng.integers(0, 5, size)),
        )
        for _ in range(count)
    ]


def trained(
    compiled,
    data,
    make=Net,
    optimizer=optim.Adam,
    before=lambda i, model, optimizer: None,
    criterion=F.cross_entropy,
    **options,
):
    """Losses, parameters, buffers and gradients after a step for each batch."""
    minicnn.manual_seed(1)
    model = make()
    optimizer = optimizer(model.parameters(), **options)
    calls = []

    def step(x, y):
        calls.append(1)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = minicnn.compile(step) if compiled else step
    losses = []
    for i, (x, y) in enumerate(data):
        before(i, model, optimizer)
        losses.append(run(x, y).item())
    numbers = [t.detach().numpy().copy() for t in (*model.parameters(), *model.buffers())]
    grads = [p.grad.numpy().copy() for p in model.parameters()]
    return losses, numbers, grads, len(calls)


def check_same(data, calls=2, **options):
    plain, replayed = trained(False, data, **options), trained(True, data, **options)
    assert plain[0] == replayed[0]
    for a, b in zip(plain[1] + plain[2], replayed[1] + replayed[2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert replayed[3] == calls, "the step was called, not replayed (or the reverse)"


def numbers(count=4):
    return [(minicnn.tensor([float(i), 1.0]),) for i in range(count)]
