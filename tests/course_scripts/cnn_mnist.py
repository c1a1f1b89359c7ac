# The two-convolution network with dropout, in keyword style, with history and plots, on MNIST and Fashion-MNIST.
import os

import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision
import torchvision.transforms as transforms


class CNN(nn.Module):
    def __init__(self):
        super(CNN, self).__init__()
        self.conv1 = nn.Conv2d(in_channels=1, out_channels=32, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(in_channels=32, out_channels=64, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(kernel_size=2)
        self.dropout1 = nn.Dropout(p=0.25)
        self.fc1 = nn.Linear(in_features=14 * 14 * 64, out_features=128)
        self.dropout2 = nn.Dropout(p=0.5)
        self.fc2 = nn.Linear(in_features=128, out_features=10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = self.pool(F.relu(self.conv2(x)))
        x = self.dropout1(x)
        x = x.view(x.size(0), -1)
        x = self.dropout2(F.relu(self.fc1(x)))
        return self.fc2(x)


def run(name, dataset, steps):
    torch.manual_seed(7)
    train = dataset(root='./data', train=True, download=True, transform=transforms.ToTensor())
    valid = dataset(root='./data', train=False, download=True, transform=transforms.ToTensor())
    valid = torch.utils.data.Subset(valid, range(256))
    train_loader = torch.utils.data.DataLoader(train, batch_size=64, shuffle=True, drop_last=True)
    valid_loader = torch.utils.data.DataLoader(valid, batch_size=256, shuffle=False)
    model = CNN()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(params=model.parameters(), lr=0.001)
    history = {'train_loss': [], 'train_acc': [], 'val_loss': [], 'val_acc': []}
    data = iter(train_loader)
    for epoch in range(2):
        model.train()
        train_loss, train_correct, seen = 0.0, 0, 0
        for _ in range(steps):
            inputs, labels = next(data)
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            train_loss += loss.item() * inputs.size(0)
            train_correct += (outputs.argmax(dim=1) == labels).sum().item()
            seen += len(labels)
        model.eval()
        with torch.no_grad():
            for inputs, labels in valid_loader:
                outputs = model(inputs)
                val_loss = criterion(outputs, labels).item()
                val_acc = (outputs.argmax(1) == labels).float().mean().item()
        history['train_loss'].append(train_loss / seen)
        history['train_acc'].append(train_correct / seen)
        history['val_loss'].append(val_loss)
        history['val_acc'].append(val_acc)
        print('%s epoch %d: loss %.4f, accuracy %.3f, val_loss %.4f, val_acc %.3f' % (
            name, epoch + 1, history['train_loss'][-1], history['train_acc'][-1], val_loss, val_acc))
    fig, axes = plt.subplots(1, 2)
    axes[0].plot(history['train_loss'], label='train')
    axes[0].plot(history['val_loss'], label='validation')
    axes[0].legend()
    axes[1].imshow(train[0][0].squeeze(), cmap='gray')
    axes[1].set_title(train.classes[train[0][1]])
    plt.savefig(name + '.png')
    print(os.path.getsize(name + '.png') > 1000, train.classes[train[0][1]])
    return model


model = run('mnist', torchvision.datasets.MNIST, 4)
print(sum(p.numel() for p in model.parameters()))
run('fashion', torchvision.datasets.FashionMNIST, 4)
