"""Lesson 3: LeNet-5 learns digits, in the lines that a PyTorch course writes.

With `import torch` in place of `import minicnn` (and torchvision's MNIST) these are the same lines. The
embedded sample, 4,000 images, and three passes over it: about 93 % of 1,000 unseen digits.
"""

import minicnn
from minicnn import nn, optim
from minicnn.datasets import MNIST, sample_root
from minicnn.transforms import Compose, Resize, ToTensor
from minicnn.utils.data import DataLoader

minicnn.manual_seed(42)
as_lenet_wants = Compose([Resize((32, 32)), ToTensor()])
train = MNIST(sample_root(), train=True, transform=as_lenet_wants)
test = MNIST(sample_root(), train=False, transform=as_lenet_wants)

model = nn.Sequential(
    nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
    nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
    nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
    nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
)  # fmt: skip
optimizer = optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(3):
    model.train()
    for images, labels in DataLoader(train, batch_size=32, shuffle=True):
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()

    model.eval()
    correct = 0
    with minicnn.no_grad():
        for images, labels in DataLoader(test, batch_size=500):
            correct += (model(images).argmax(1) == labels).sum().item()
    print(f"epoch {epoch + 1}: last loss {loss.item():.4f}, {correct / len(test):.1%} of {len(test)} unseen digits")

assert correct / len(test) > 0.90
