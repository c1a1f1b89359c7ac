# In the style of the knowledge distillation tutorial: a small network learns from a large one.
import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(42)
device = torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else "cpu"


class DeepNN(nn.Module):
    def __init__(self, num_classes=10):
        super(DeepNN, self).__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 16, kernel_size=3, padding=1), nn.ReLU(),
            nn.Conv2d(16, 16, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(kernel_size=2, stride=2),
            nn.Conv2d(16, 16, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.classifier = nn.Sequential(nn.Linear(256, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, num_classes))

    def forward(self, x):
        x = self.features(x)
        flattened = torch.flatten(x, 1)
        return self.classifier(flattened), torch.nn.functional.avg_pool1d(flattened, 2)


class LightNN(nn.Module):
    def __init__(self, num_classes=10):
        super(LightNN, self).__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(kernel_size=2, stride=2),
            nn.Conv2d(8, 8, kernel_size=3, padding=1), nn.ReLU(), nn.MaxPool2d(kernel_size=2, stride=2),
        )
        self.classifier = nn.Sequential(nn.Linear(128, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, num_classes))

    def forward(self, x):
        x = self.features(x)
        flattened = torch.flatten(x, 1)
        return self.classifier(flattened), flattened


images = torch.rand(256, 3, 16, 16)
labels = (images.mean(dim=(1, 2, 3)) * 1000).long() % 10
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(images, labels), batch_size=64, shuffle=True)


def train(model, epochs, learning_rate):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=learning_rate)
    model.train()
    for epoch in range(epochs):
        running_loss = 0.0
        for inputs, targets in loader:
            inputs, targets = inputs.to(device), targets.to(device)
            optimizer.zero_grad()
            loss = criterion(model(inputs)[0], targets)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
        print(f"Epoch {epoch + 1}/{epochs}, Loss: {running_loss / len(loader):.4f}")


def distill(teacher, student, epochs, T, soft_weight, ce_weight):
    ce_loss = nn.CrossEntropyLoss()
    optimizer = optim.Adam(student.parameters(), lr=0.001)
    teacher.eval()
    student.train()
    for epoch in range(epochs):
        running_loss = 0.0
        for inputs, targets in loader:
            optimizer.zero_grad()
            with torch.no_grad():
                teacher_logits, _ = teacher(inputs)
            student_logits, _ = student(inputs)
            soft_targets = nn.functional.softmax(teacher_logits / T, dim=-1)
            soft_prob = nn.functional.log_softmax(student_logits / T, dim=-1)
            soft_loss = torch.sum(soft_targets * (soft_targets.log() - soft_prob)) / soft_prob.size()[0] * (T ** 2)
            loss = soft_weight * soft_loss + ce_weight * ce_loss(student_logits, targets)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
        print(f"Distilled {epoch + 1}/{epochs}, Loss: {running_loss / len(loader):.4f}")


def cosine(teacher, student, epochs):
    cosine_loss, kl = nn.CosineEmbeddingLoss(), nn.KLDivLoss(reduction="batchmean")
    optimizer = optim.Adam(student.parameters(), lr=0.001)
    for epoch in range(epochs):
        for inputs, _ in loader:
            optimizer.zero_grad()
            with torch.no_grad():
                logits, hidden = teacher(inputs)
            ours, our_hidden = student(inputs)
            hidden_loss = cosine_loss(our_hidden, hidden, target=torch.ones(inputs.size(0)).to(device))
            kl_loss = kl(nn.functional.log_softmax(ours, dim=1), nn.functional.softmax(logits, dim=1))
            loss = 0.25 * hidden_loss + 0.75 * kl_loss
            loss.backward()
            optimizer.step()
        print(f"Cosine {epoch + 1}/{epochs}, hidden {hidden_loss.item():.4f}, kl {kl_loss.item():.5f}")


nn_deep = DeepNN(num_classes=10).to(device)
train(nn_deep, epochs=2, learning_rate=0.001)
torch.manual_seed(42)
nn_light = LightNN(num_classes=10).to(device)
torch.manual_seed(42)
new_nn_light = LightNN(num_classes=10).to(device)
print("Norm of 1st layer of nn_light:", round(torch.norm(nn_light.features[0].weight).item(), 4))
print("Norm of 1st layer of new_nn_light:", round(torch.norm(new_nn_light.features[0].weight).item(), 4))
print(f"DeepNN parameters: {sum(p.numel() for p in nn_deep.parameters()):,}")
distill(teacher=nn_deep, student=nn_light, epochs=2, T=2, soft_weight=0.25, ce_weight=0.75)
cosine(nn_deep, new_nn_light, epochs=2)
