# LeNet-5 with ReLU and padding: Sequential style, incomplete batches dropped.
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

torch.manual_seed(1)
batch_size = 128
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
print("device:", device)

to_tensor = transforms.ToTensor()
train_set = Subset(datasets.MNIST("./data", train=True, download=True, transform=to_tensor), range(0, 4000, 4))
test_set = Subset(datasets.MNIST("./data", train=False, download=True, transform=to_tensor), list(range(200)))
train_loader = DataLoader(train_set, batch_size=batch_size, shuffle=True, num_workers=0, drop_last=True)
test_loader = DataLoader(test_set, batch_size=batch_size, shuffle=False, num_workers=0, drop_last=True)

model = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
    nn.Conv2d(6, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
    nn.Conv2d(16, 120, 5, padding=2), nn.ReLU(),
    nn.Flatten(),
    nn.Linear(120 * 7 * 7, 84), nn.ReLU(),
    nn.Linear(84, 10),
).to(device)
print(model)
print("parameters:", sum([p.numel() for p in model.parameters()]))

loss_func = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.001)

loss_arr = []
for epoch in range(1):
    for j, [image, label] in enumerate(train_loader):
        x = image.to(device)
        y = label.to(device)
        optimizer.zero_grad()
        output = model.forward(x)
        loss = loss_func(output, y)
        loss.backward()
        optimizer.step()
        if j % 2 == 0:
            print(loss)
            loss_arr.append(loss.cpu().detach().numpy())
print(len(loss_arr), loss_arr[0].dtype, loss_arr[0].shape)

correct, total = 0, 0
model.eval()
with torch.no_grad():
    for image, label in test_loader:
        x, y = image.to(device), label.to(device)
        output = model.forward(x)
        _, output_index = torch.max(output, 1)
        total += label.size(0)
        correct += (output_index == y).sum().float()
    print("Accuracy of Test Data: {}%".format(100 * correct / total))
