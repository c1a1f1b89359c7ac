# The parts of the network of 1998 that later ones left out: partial connections, trained sub-sampling, RBF outputs.
import math

import torch
from torch import nn

torch.manual_seed(1998)


class ScaledTanh(nn.Module):
    def forward(self, x):
        return 1.7159 * torch.tanh(x * (2.0 / 3.0))


class Subsampling(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.coefficient = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x):
        return nn.functional.avg_pool2d(x, 2) * 4 * self.coefficient + self.bias


class PartialConv(nn.Conv2d):
    def __init__(self, table):
        super().__init__(6, len(table), 5)
        mask = torch.zeros_like(self.weight)
        for out, inputs in enumerate(table):
            mask[out, inputs] = 1.0
        self.register_buffer('mask', mask)

    def forward(self, x):
        return nn.functional.conv2d(x, self.weight * self.mask, self.bias)


class RBF(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        centres = torch.where(torch.rand(classes, features) < 0.5, -1.0, 1.0)
        self.register_buffer('centres', centres)

    def forward(self, x):
        return ((x.unsqueeze(1) - self.centres) ** 2).sum(-1)


three = [[(i + k) % 6 for k in range(3)] for i in range(6)]
four = [[(i + k) % 6 for k in range(4)] for i in range(6)] + [[i, (i + 1) % 6, (i + 3) % 6, (i + 4) % 6] for i in range(3)]
model = nn.Sequential(
    nn.Conv2d(1, 6, 5), Subsampling(6), ScaledTanh(),
    PartialConv(three + four + [list(range(6))]), Subsampling(16), ScaledTanh(),
    nn.Conv2d(16, 120, 5), ScaledTanh(), nn.Flatten(),
    nn.Linear(120, 84), ScaledTanh(),
    RBF(84, 10),
)
trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
unused = int((model[3].mask == 0).sum())
print(trainable - unused, [name for name, _ in model.named_buffers()])


def map_loss(distances, target, j=0.1):
    wanted = distances.gather(1, target.unsqueeze(1)).squeeze(1)
    others = torch.log(math.exp(-j) + torch.exp(-distances).sum(1) - torch.exp(-wanted))
    return (wanted + others).mean()


images, labels = torch.randn(16, 1, 32, 32), torch.randint(0, 10, (16,))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(8):
    optimizer.zero_grad()
    loss = map_loss(model(images), labels)
    loss.backward()
    optimizer.step()
    print(f"step {step}: {loss:.4f}")
print(model[3].weight.grad[0, 5].abs().sum(), model[1].coefficient.grad.shape)
print((model(images).argmin(1) == labels).sum())
