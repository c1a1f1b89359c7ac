# Four 3x3 letters told apart by one fixed 2x2 filter and two fixed weights each.
import torch
import torch.nn as nn
import torch.nn.functional as F

images = {
    '\\': [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    '/': [[0, 0, 1], [0, 1, 0], [1, 0, 0]],
    'X': [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
    'O': [[0, 1, 0], [1, 0, 1], [0, 1, 0]],
}
weight = torch.FloatTensor([[[[1, -1], [-1, 1]]]])
fully_connected = torch.tensor([[1, 1], [-0.5, 0.5]])


class Toy(nn.Module):
    def __init__(self, activation):
        super(Toy, self).__init__()
        self.conv = nn.Conv2d(1, 1, 2, bias=False)
        self.conv.weight = nn.Parameter(weight, requires_grad=False)
        self.activation = activation

    def forward(self, x):
        return (self.activation(self.conv(x)) * fully_connected).sum()


for activation in (nn.Hardshrink(1), nn.ReLU(), nn.Identity()):
    net = Toy(activation)
    print(net)
    for name, rows in images.items():
        x = torch.Tensor(rows).view(1, 1, 3, 3)
        print(name, net.conv(x).squeeze().tolist(), net(x), net(x).item())
print(F.hardshrink(torch.tensor([-2.0, -1.0, 0.5, 1.5]), lambd=1.0))
