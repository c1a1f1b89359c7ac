# In the style of the variational autoencoder example: reparametrisation, a loss of two terms, images compared.
import os

import torch
import torch.utils.data
from torch import nn, optim
from torch.nn import functional as F
from torchvision import datasets, transforms
from torchvision.utils import save_image

torch.manual_seed(1)
device = torch.device("cpu")
os.makedirs('results', exist_ok=True)
kwargs = {}
loader = torch.utils.data.DataLoader(
    datasets.MNIST('./data', train=True, download=True, transform=transforms.ToTensor()),
    batch_size=128, shuffle=True, **kwargs)


class VAE(nn.Module):
    def __init__(self):
        super(VAE, self).__init__()
        self.fc1 = nn.Linear(784, 64)
        self.fc21 = nn.Linear(64, 8)
        self.fc22 = nn.Linear(64, 8)
        self.fc3 = nn.Linear(8, 64)
        self.fc4 = nn.Linear(64, 784)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 784))
        z = self.reparameterize(mu, logvar)
        return self.decode(z), mu, logvar


model = VAE().to(device)
optimizer = optim.Adam(model.parameters(), lr=1e-3)


def loss_function(recon_x, x, mu, logvar):
    BCE = F.binary_cross_entropy(recon_x, x.view(-1, 784), reduction='sum')
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return BCE + KLD


model.train()
train_loss = 0
for batch_idx, (data, _) in enumerate(loader):
    if batch_idx == 10:
        break
    data = data.to(device)
    optimizer.zero_grad()
    recon_batch, mu, logvar = model(data)
    loss = loss_function(recon_batch, data, mu, logvar)
    loss.backward()
    train_loss += loss.item()
    optimizer.step()
    if batch_idx % 3 == 0:
        print('Train [{}/{}]\tLoss: {:.6f}'.format(batch_idx * len(data), len(loader.dataset), loss.item() / len(data)))
print('====> Average loss: {:.4f}'.format(train_loss / 1280))

model.eval()
with torch.no_grad():
    data, _ = next(iter(loader))
    recon, mu, logvar = model(data)
    n = min(data.size(0), 8)
    comparison = torch.cat([data[:n], recon.view(128, 1, 28, 28)[:n]])
    save_image(comparison.cpu(), 'results/reconstruction.png', nrow=n)
    sample = model.decode(torch.randn(64, 8).to(device)).cpu()
    save_image(sample.view(64, 1, 28, 28), 'results/sample.png')
    print(comparison.shape, sample.mean(), sorted(os.listdir('results')))
