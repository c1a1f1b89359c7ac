# The CIFAR-10 network: the same pooling and dropout modules used twice; `.cuda()` guarded by is_available.
import torch
import torch.nn as nn
import torch.optim as optim
from torchvision import datasets
from torchvision.transforms import Compose, Normalize, ToTensor

torch.manual_seed(3)
transform = Compose([ToTensor(), Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])
trainset = datasets.FakeData(size=120, image_size=(3, 32, 32), num_classes=10, transform=transform)
trainloader = torch.utils.data.DataLoader(trainset, batch_size=32, shuffle=True, num_workers=0, drop_last=True)
classes = ('plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck')


class CifarNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 3, padding=1)
        self.conv2 = nn.Conv2d(32, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.conv4 = nn.Conv2d(64, 64, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.25)
        self.relu = nn.ReLU(inplace=True)
        self.fc1 = nn.Linear(64 * 8 * 8, 512)
        self.drop2 = nn.Dropout(0.5)
        self.fc2 = nn.Linear(512, 10)

    def forward(self, x):
        x = self.relu(self.conv2(self.relu(self.conv1(x))))
        x = self.drop(self.pool(x))
        x = self.relu(self.conv4(self.relu(self.conv3(x))))
        x = self.drop(self.pool(x))
        x = x.reshape(-1, 64 * 8 * 8)
        return self.fc2(self.drop2(self.relu(self.fc1(x))))


net = CifarNet()
criterion = nn.CrossEntropyLoss()
if torch.cuda.is_available():
    net = net.cuda()
    criterion = criterion.cuda()
optimizer = optim.Adam(net.parameters(), lr=1e-3)
print(net)

running_loss = 0.0
for epoch in range(2):
    for i, data in enumerate(trainloader, 0):
        inputs, labels = data
        if torch.cuda.is_available():
            inputs, labels = inputs.cuda(), labels.cuda()
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        print(f'[{epoch + 1}, {i + 1:5d}] loss: {running_loss / (i + 1):.3f}')
    running_loss = 0.0

net.eval()
correct_pred = {classname: 0 for classname in classes}
total_pred = dict.fromkeys(classes, 0)
with torch.no_grad():
    for images, labels in trainloader:
        _, predictions = torch.max(net(images), 1)
        for label, prediction in zip(labels, predictions):
            correct_pred[classes[label]] += int(label == prediction)
            total_pred[classes[label]] += 1
print(sum(total_pred.values()), sum(correct_pred.values()) >= 0)
print(net.state_dict().keys())
