# In the style of the mnist_hogwild example: a process trains a model in shared memory.
import os

import torch
import torch.multiprocessing as mp
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torchvision import datasets, transforms


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=5)
        self.conv2_drop = nn.Dropout2d()
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2_drop(self.conv2(x)), 2))
        x = x.view(-1, 320)
        x = F.relu(self.fc1(x))
        x = F.dropout(x, training=self.training)
        x = self.fc2(x)
        return F.log_softmax(x, dim=1)


def train(rank, seed, model, device, dataset, dataloader_kwargs):
    torch.manual_seed(seed + rank)
    torch.set_num_threads(1)
    train_loader = torch.utils.data.DataLoader(dataset, **dataloader_kwargs)
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        optimizer.zero_grad()
        output = model(data.to(device))
        loss = F.nll_loss(output, target.to(device))
        loss.backward()
        optimizer.step()


def test(model, device, dataset):
    loader = torch.utils.data.DataLoader(dataset, batch_size=100)
    model.eval()
    test_loss, correct = 0, 0
    with torch.no_grad():
        for data, target in loader:
            output = model(data.to(device))
            test_loss += F.nll_loss(output, target.to(device), reduction='sum').item()
            pred = output.max(1)[1]
            correct += pred.eq(target.to(device)).sum().item()
    print('Test set: Average loss: {:.4f}, Accuracy: {}/{}'.format(test_loss / len(dataset), correct, len(dataset)))


if __name__ == '__main__':
    mp.set_start_method('spawn', force=True)
    device = torch.device("cpu")
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    dataset1 = torch.utils.data.Subset(datasets.MNIST('data', train=True, transform=transform), range(320))
    dataset2 = torch.utils.data.Subset(datasets.MNIST('data', train=False, transform=transform), range(200))
    kwargs = {'batch_size': 64, 'shuffle': True}
    torch.manual_seed(1)
    model = Net().to(device)
    model.share_memory()  # gradients are allocated lazily, so they are not shared here
    print(all(p.is_shared() for p in model.parameters()))
    test(model, device, dataset2)
    for rank in range(1):
        p = mp.Process(target=train, args=(rank, 1, model, device, dataset1, kwargs))
        p.start()
        p.join()
        print('process', rank, 'ended with', p.exitcode)
        test(model, device, dataset2)
