# A convolutional autoencoder: transposed convolutions, upsampling, unpooling, several losses.
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

torch.manual_seed(14)
loader = DataLoader(datasets.FashionMNIST('data', train=True, download=True, transform=transforms.ToTensor()),
                    batch_size=32, shuffle=True)


class ConvAutoencoder(nn.Module):
    def __init__(self):
        super(ConvAutoencoder, self).__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(2, 2)
        self.t_conv1 = nn.ConvTranspose2d(4, 8, 2, stride=2)
        self.t_conv2 = nn.ConvTranspose2d(8, 1, 2, stride=2)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = self.pool(x)
        x = F.relu(self.conv2(x))
        x = self.pool(x)
        x = F.relu(self.t_conv1(x))
        return F.sigmoid(self.t_conv2(x))


class Unpooling(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(2, return_indices=True)
        self.unpool = nn.MaxUnpool2d(2)
        self.up = nn.Upsample(scale_factor=2, mode='bilinear', align_corners=False)
        self.back = nn.Conv2d(8, 1, 3, padding=1)

    def forward(self, x):
        code, indices = self.pool(torch.tanh(self.conv(x)))
        return torch.sigmoid(self.back(torch.cat([self.unpool(code, indices), self.up(code)], dim=1)))


losses = [nn.MSELoss(), nn.L1Loss(), nn.BCELoss(), nn.SmoothL1Loss(), nn.HuberLoss(delta=0.5)]
for model in (ConvAutoencoder(), Unpooling()):
    print(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for criterion, (images, _) in zip(losses, loader):
        noisy = torch.clamp(images + 0.3 * torch.randn(*images.shape), 0., 1.)
        optimizer.zero_grad()
        outputs = model(noisy)
        loss = criterion(outputs, images)
        loss.backward()
        optimizer.step()
        print(type(criterion).__name__, 'Training Loss: {:.6f}'.format(loss.item()))
small = F.interpolate(images, size=(14, 14), mode='nearest')
print(small.shape, F.interpolate(small, scale_factor=2, mode='bilinear', align_corners=False).shape, small.mean())
print(F.pad(images[:, :, :2, :2], (1, 1, 1, 1), mode='replicate')[0, 0], F.one_hot(torch.tensor([0, 2]), 4))
