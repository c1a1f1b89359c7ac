# In the style of the super-resolution example: a data set from image files, PixelShuffle, orthogonal start, PSNR.
import os
from math import log10

import torch
import torch.nn as nn
import torch.nn.init as init
import torch.optim as optim
import torch.utils.data as data
from PIL import Image
from torchvision.datasets import MNIST
from torchvision.transforms import CenterCrop, Compose, Resize, ToTensor

upscale_factor = 2
torch.manual_seed(123)
os.makedirs('pictures', exist_ok=True)
digits = MNIST('data')
for i in range(24):
    digits[i][0].resize((40, 36), Image.BICUBIC).save('pictures/%02d.png' % i)


def is_image_file(filename):
    return any(filename.endswith(extension) for extension in ['.png', '.jpg', '.jpeg'])


class DatasetFromFolder(data.Dataset):
    def __init__(self, image_dir, input_transform=None, target_transform=None):
        super(DatasetFromFolder, self).__init__()
        self.image_filenames = sorted(os.path.join(image_dir, x) for x in os.listdir(image_dir) if is_image_file(x))
        self.input_transform = input_transform
        self.target_transform = target_transform

    def __getitem__(self, index):
        input = Image.open(self.image_filenames[index]).convert('YCbCr').split()[0]
        target = input.copy()
        if self.input_transform:
            input = self.input_transform(input)
        if self.target_transform:
            target = self.target_transform(target)
        return input, target

    def __len__(self):
        return len(self.image_filenames)


crop_size = 32 - (32 % upscale_factor)
train_set = DatasetFromFolder('pictures',
                              Compose([CenterCrop(crop_size), Resize(crop_size // upscale_factor), ToTensor()]),
                              Compose([CenterCrop(crop_size), ToTensor()]))
loader = data.DataLoader(dataset=train_set, num_workers=0, batch_size=8, shuffle=True)


class Net(nn.Module):
    def __init__(self, upscale_factor):
        super(Net, self).__init__()
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(1, 16, (5, 5), (1, 1), (2, 2))
        self.conv2 = nn.Conv2d(16, 8, (3, 3), (1, 1), (1, 1))
        self.conv3 = nn.Conv2d(8, upscale_factor ** 2, (3, 3), (1, 1), (1, 1))
        self.pixel_shuffle = nn.PixelShuffle(upscale_factor)
        self._initialize_weights()

    def forward(self, x):
        x = self.relu(self.conv1(x))
        x = self.relu(self.conv2(x))
        return self.pixel_shuffle(self.conv3(x))

    def _initialize_weights(self):
        init.orthogonal_(self.conv1.weight, init.calculate_gain('relu'))
        init.orthogonal_(self.conv2.weight, init.calculate_gain('relu'))
        init.orthogonal_(self.conv3.weight)


model = Net(upscale_factor=upscale_factor)
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)
print(model)
for epoch in range(1, 4):
    epoch_loss = 0
    for iteration, batch in enumerate(loader, 1):
        input, target = batch[0], batch[1]
        optimizer.zero_grad()
        loss = criterion(model(input), target)
        epoch_loss += loss.item()
        loss.backward()
        optimizer.step()
        print("===> Epoch[{}]({}/{}): Loss: {:.4f}".format(epoch, iteration, len(loader), loss.item()))
    print("===> Epoch {} Complete: Avg. Loss: {:.4f}".format(epoch, epoch_loss / len(loader)))

avg_psnr = 0
with torch.no_grad():
    for batch in loader:
        mse = criterion(model(batch[0]), batch[1])
        avg_psnr += 10 * log10(1 / mse.item())
print("===> Avg. PSNR: {:.4f} dB".format(avg_psnr / len(loader)))
torch.save(model.state_dict(), "model_epoch_{}.pth".format(epoch))
out = model(input).clamp(0, 1)
picture = Image.fromarray((out[0, 0].detach().numpy() * 255.0).clip(0, 255).astype('uint8'), mode=None)
print(picture.size, picture.mode)
