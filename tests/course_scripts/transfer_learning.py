# A trained network's weights moved into another one: frozen layers, a new head, parameter groups, strict=False.
from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(31)


def conv_block(in_channels, out_channels):
    return nn.Sequential(OrderedDict([
        ('conv', nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)),
        ('norm', nn.BatchNorm2d(out_channels)),
        ('relu', nn.ReLU(inplace=True)),
    ]))


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block1 = conv_block(channels, channels)
        self.block2 = conv_block(channels, channels)
        self.shortcut = nn.Identity()

    def forward(self, x):
        out = self.block2(self.block1(x))
        out = out + self.shortcut(x)
        return F.relu(out)


class Backbone(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stem = conv_block(3, 8)
        self.stages = nn.ModuleList([Residual(8), Residual(8)])
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8, classes)

    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return self.fc(self.pool(x).flatten(1))


x, y = torch.randn(24, 3, 12, 12), torch.randint(0, 5, (24,))
first = Backbone(5)
optimizer = optim.SGD(first.parameters(), lr=0.1, momentum=0.9)
for step in range(4):
    optimizer.zero_grad()
    loss = F.cross_entropy(first(x), y)
    loss.backward()
    optimizer.step()
    print(step, loss)
torch.save({'epoch': 4, 'model_state_dict': first.state_dict(), 'optimizer_state_dict': optimizer.state_dict(),
            'loss': loss.item()}, 'first.pt')

checkpoint = torch.load('first.pt', map_location='cpu')
print(checkpoint['epoch'], round(checkpoint['loss'], 3), len(checkpoint['model_state_dict']))
second = Backbone(3)
weights = {k: v for k, v in checkpoint['model_state_dict'].items() if not k.startswith('fc.')}
print(second.load_state_dict(weights, strict=False))
try:
    second.load_state_dict(checkpoint['model_state_dict'])
except RuntimeError as error:
    print(str(error).splitlines()[0], str(error).count('size mismatch'))
for param in second.parameters():
    param.requires_grad = False
second.fc = nn.Linear(second.fc.in_features, 3)
print([name for name, p in second.named_parameters() if p.requires_grad])
optimizer = optim.Adam(filter(lambda p: p.requires_grad, second.parameters()), lr=0.01)
y = y % 3
before = second.stem.conv.weight.clone()
for step in range(4):
    second.train()
    for module in second.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    optimizer.zero_grad()
    loss = F.cross_entropy(second(x), y)
    loss.backward()
    optimizer.step()
    print(step, f'{loss.item():.4f}')
print(torch.equal(before, second.stem.conv.weight), second.stem.conv.weight.grad)

for param in second.stem.parameters():
    param.requires_grad_(True)
optimizer = optim.SGD([{'params': second.stem.parameters(), 'lr': 1e-3}, {'params': second.fc.parameters()}], lr=1e-2)
optimizer.zero_grad()
F.cross_entropy(second(x), y).backward()
optimizer.step()
print([group['lr'] for group in optimizer.param_groups], second.stem.conv.weight.grad.abs().mean())
features = nn.Sequential(*list(second.children())[:1])
print(features(x).shape, features)
parallel = nn.DataParallel(second)
print(list(parallel.state_dict())[:2], parallel(x).shape)
print(second)
