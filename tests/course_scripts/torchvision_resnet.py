"""Transfer learning: a network trained on one task, its features frozen, a new last layer for another."""

import copy

import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader
from torchvision import datasets, models, transforms

torch.manual_seed(0)
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")

normalize = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
data_transforms = {
    "train": transforms.Compose(
        [transforms.RandomResizedCrop(48), transforms.RandomHorizontalFlip(), transforms.ToTensor(), normalize]
    ),
    "val": transforms.Compose([transforms.Resize(52), transforms.CenterCrop(48), transforms.ToTensor(), normalize]),
}
image_datasets = {
    x: datasets.FakeData(size=16, image_size=(3, 56, 56), num_classes=4, transform=data_transforms[x])
    for x in ["train", "val"]
}
dataloaders = {x: DataLoader(image_datasets[x], batch_size=8, shuffle=True) for x in ["train", "val"]}
dataset_sizes = {x: len(image_datasets[x]) for x in ["train", "val"]}


def train_model(model, criterion, optimizer, scheduler, num_epochs=2):
    best_model_wts = copy.deepcopy(model.state_dict())
    best_acc = 0.0
    for epoch in range(num_epochs):
        print("Epoch {}/{}".format(epoch, num_epochs - 1))
        print("-" * 10)
        for phase in ["train", "val"]:
            if phase == "train":
                model.train()
            else:
                model.eval()
            running_loss = 0.0
            running_corrects = 0
            for inputs, labels in dataloaders[phase]:
                inputs = inputs.to(device)
                labels = labels.to(device)
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == "train"):
                    outputs = model(inputs)
                    _, preds = torch.max(outputs, 1)
                    loss = criterion(outputs, labels)
                    if phase == "train":
                        loss.backward()
                        optimizer.step()
                running_loss += loss.item() * inputs.size(0)
                running_corrects += torch.sum(preds == labels.data)
            if phase == "train":
                scheduler.step()
            epoch_loss = running_loss / dataset_sizes[phase]
            epoch_acc = running_corrects.double() / dataset_sizes[phase]
            print("{} Loss: {:.3f} Acc: {:.4f}".format(phase, epoch_loss, epoch_acc))
            if phase == "val" and epoch_acc > best_acc:
                best_acc = epoch_acc
                best_model_wts = copy.deepcopy(model.state_dict())
    model.load_state_dict(best_model_wts)
    return model


model_ft = models.resnet18(weights=None, num_classes=4)
criterion = nn.CrossEntropyLoss()
optimizer_ft = optim.SGD(model_ft.parameters(), lr=0.001, momentum=0.9)
model_ft = train_model(model_ft, criterion, optimizer_ft, lr_scheduler.StepLR(optimizer_ft, step_size=1, gamma=0.1))
torch.save(model_ft.state_dict(), "resnet18.pth")

model_conv = models.resnet18(num_classes=4)
model_conv.load_state_dict(torch.load("resnet18.pth"))
for param in model_conv.parameters():
    param.requires_grad = False
num_ftrs = model_conv.fc.in_features
model_conv.fc = nn.Linear(num_ftrs, 2)
model_conv = model_conv.to(device)
print(model_conv.fc, sum(p.numel() for p in model_conv.parameters() if p.requires_grad), "parameters to train")
before = model_conv.layer4[1].conv2.weight.clone()

image_datasets = {
    x: datasets.FakeData(size=16, image_size=(3, 56, 56), num_classes=2, transform=data_transforms[x])
    for x in ["train", "val"]
}
dataloaders = {x: DataLoader(image_datasets[x], batch_size=8, shuffle=True) for x in ["train", "val"]}
optimizer_conv = optim.SGD(model_conv.fc.parameters(), lr=0.001, momentum=0.9)
model_conv = train_model(model_conv, criterion, optimizer_conv, lr_scheduler.StepLR(optimizer_conv, step_size=7))
print("features unchanged:", torch.equal(before, model_conv.layer4[1].conv2.weight))
print("trained:", [name for name, p in model_conv.named_parameters() if p.requires_grad])
