# Random transforms: what they draw, in order, and a few steps of training on what they make.
import numpy as np
import torch
import torch.nn as nn
import torchvision.transforms as T
import torchvision.transforms.functional as TF
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets

torch.manual_seed(17)
rng = np.random.RandomState(1)
image = Image.fromarray((rng.rand(40, 48, 3) * 255).astype('uint8'))
pipelines = {
    'crop and flip': [T.RandomCrop(32, padding=4), T.RandomHorizontalFlip(), T.RandomVerticalFlip(0.3)],
    'rotation': [T.RandomRotation(20), T.CenterCrop(24)],
    'affine': [T.RandomAffine(10, translate=(0.1, 0.2), scale=(0.8, 1.2), shear=5)],
    'colours': [T.ColorJitter(brightness=0.4, contrast=0.3, saturation=0.2, hue=0.1)],
    'grey': [T.Grayscale(num_output_channels=3), T.Pad(2, fill=7), T.Resize((20, 30))],
}
for name, steps in pipelines.items():
    transform = T.Compose([*steps, T.ToTensor()])
    for _ in range(2):
        out = transform(image)
        print(name, tuple(out.shape), 'mean {:.4f} std {:.4f}'.format(out.mean(), out.std()))
print(T.Compose([T.Resize(28), T.ToTensor(), T.Normalize([0.5], [0.5])]))
erase = T.RandomErasing(p=1.0)
print((erase(torch.ones(3, 16, 16)) == 0).sum(), TF.hflip(torch.arange(3).view(1, 1, 3)))
print(T.ToPILImage()(torch.zeros(1, 4, 6)).size, T.PILToTensor()(image).dtype, T.Lambda(lambda x: x * 2)(3))

train = datasets.MNIST('./data', train=True, download=True, transform=T.Compose([
    T.RandomAffine(degrees=5, translate=(0.1, 0.1)), T.ToTensor(), T.Normalize((0.1307,), (0.3081,))]))
loader = DataLoader(train, batch_size=32, shuffle=True)
model = nn.Sequential(nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(), nn.Dropout2d(0.2), nn.Flatten(), nn.Linear(8 * 144, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
for step, (images, labels) in zip(range(6), loader):
    loss = nn.CrossEntropyLoss()(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, '%.4f' % loss.item())
