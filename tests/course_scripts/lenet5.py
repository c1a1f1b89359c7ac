# LeNet-5 with everything by hand: one class, one loop for training, one for validation.
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

RANDOM_SEED = 42
LEARNING_RATE = 0.0001
BATCH_SIZE = 32
N_STEPS = 12
IMG_SIZE = 32
N_CLASSES = 10
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'

torch.manual_seed(RANDOM_SEED)
transform = transforms.Compose([transforms.Resize((32, 32)), transforms.ToTensor()])
train_dataset = datasets.MNIST(root='data', train=True, transform=transform, download=True)
valid_dataset = datasets.MNIST(root='data', train=False, transform=transform)
train_loader = DataLoader(dataset=train_dataset, batch_size=BATCH_SIZE, shuffle=True)
valid_loader = DataLoader(dataset=valid_dataset, batch_size=BATCH_SIZE, shuffle=False)


class LeNet5(nn.Module):

    def __init__(self, n_classes):
        super(LeNet5, self).__init__()
        self.feature_extractor = nn.Sequential(
            nn.Conv2d(in_channels=1, out_channels=6, kernel_size=5, stride=1),
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),
            nn.Conv2d(in_channels=6, out_channels=16, kernel_size=5, stride=1),
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),
            nn.Conv2d(in_channels=16, out_channels=120, kernel_size=5, stride=1),
            nn.Tanh(),
        )
        self.classifier = nn.Sequential(
            nn.Linear(in_features=120, out_features=84),
            nn.Tanh(),
            nn.Linear(in_features=84, out_features=n_classes),
        )

    def forward(self, x):
        x = self.feature_extractor(x)
        x = torch.flatten(x, 1)
        logits = self.classifier(x)
        probs = F.softmax(logits, dim=1)
        return logits, probs


def train(train_loader, model, criterion, optimizer, device):
    model.train()
    running_loss = 0
    for step, (X, y_true) in enumerate(train_loader):
        if step == N_STEPS:
            break
        optimizer.zero_grad()
        X = X.to(device)
        y_true = y_true.to(device)
        y_hat, _ = model(X)
        loss = criterion(y_hat, y_true)
        running_loss += loss.item() * X.size(0)
        loss.backward()
        optimizer.step()
    return model, optimizer, running_loss / (N_STEPS * BATCH_SIZE)


def validate(valid_loader, model, criterion, device):
    model.eval()
    running_loss, correct, n = 0, 0, 0
    for X, y_true in valid_loader:
        X, y_true = X.to(device), y_true.to(device)
        y_hat, y_prob = model(X)
        running_loss += criterion(y_hat, y_true).item() * X.size(0)
        _, predicted = torch.max(y_prob, 1)
        n += y_true.size(0)
        correct += (predicted == y_true).sum()
    return running_loss / n, correct.float() / n


model = LeNet5(N_CLASSES).to(DEVICE)
optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
criterion = nn.CrossEntropyLoss()
print(model)
print(sum(p.numel() for p in model.parameters() if p.requires_grad), 'parameters')

train_losses, valid_losses = [], []
for epoch in range(2):
    model, optimizer, train_loss = train(train_loader, model, criterion, optimizer, DEVICE)
    train_losses.append(train_loss)
    with torch.no_grad():
        valid_loss, accuracy = validate(valid_loader, model, criterion, DEVICE)
    valid_losses.append(valid_loss)
    print(f'Epoch: {epoch}\t'
          f'Train loss: {train_loss:.4f}\t'
          f'Valid loss: {valid_loss:.4f}\t'
          f'Valid accuracy: {100 * accuracy:.2f}')
print(np.array(train_losses).round(4), np.array(valid_losses).round(4))

with torch.no_grad():
    for index in range(3):
        _, probs = model(valid_dataset[index][0].unsqueeze(0))
        print(f'{torch.argmax(probs)} ({torch.max(probs * 100):.0f}%)')
