# Two networks that are not a plain chain: a small U-Net, and twins that share their weights.
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(41)


class DoubleConv(nn.Module):
    def __init__(self, in_ch, out_ch):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(in_ch, out_ch, 3, padding=1), nn.InstanceNorm2d(out_ch, affine=True), nn.SiLU(),
            nn.Conv2d(out_ch, out_ch, 3, padding='same', padding_mode='replicate'), nn.Hardswish())

    def forward(self, x):
        return self.net(x)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2 = DoubleConv(1, 4), DoubleConv(4, 8)
        self.up = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1)
        self.merge = DoubleConv(8, 4)
        self.out = nn.Conv2d(4, 1, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        c = self.up(b)
        if c.shape[-2:] != a.shape[-2:]:
            c = F.pad(c, [0, a.shape[-1] - c.shape[-1], 0, a.shape[-2] - c.shape[-2]])
        return self.out(self.merge(torch.cat([a, c], dim=1)))


def dice_loss(logits, target, eps=1e-6):
    p = torch.sigmoid(logits)
    inter = (p * target).sum(dim=(1, 2, 3))
    union = p.sum(dim=(1, 2, 3)) + target.sum(dim=(1, 2, 3))
    return 1 - ((2 * inter + eps) / (union + eps)).mean()


yy, xx = torch.meshgrid(torch.arange(17), torch.arange(17), indexing='ij')
centre, radius = torch.randint(5, 12, (12, 2)), torch.randint(2, 5, (12,))
masks = torch.stack([((yy - c[0]) ** 2 + (xx - c[1]) ** 2 <= r ** 2).float() for c, r in zip(centre, radius)]).unsqueeze(1)
images = masks + 0.3 * torch.randn_like(masks)
net = UNet()
print(net)
optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3, momentum=0.9)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
bce = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0]))
for epoch in range(4):
    order = torch.randperm(len(images))
    for batch in order.split(4):
        logits = net(images[batch])
        loss = bce(logits, masks[batch]) + dice_loss(logits, masks[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    with torch.no_grad():
        iou = ((logits > 0) & (masks[batch] > 0)).sum().float() / ((logits > 0) | (masks[batch] > 0)).sum()
    print(f'epoch {epoch} loss {loss:.4f} lr {scheduler.get_last_lr()[0]:.6f} order {order[:4].tolist()}', iou >= 0)


class Pairs(Dataset):
    def __init__(self, n):
        self.left, self.right = torch.randn(n, 1, 8, 8), torch.randn(n, 1, 8, 8)
        self.same = torch.randint(0, 2, (n,)).float()

    def __len__(self):
        return len(self.same)

    def __getitem__(self, i):
        return (self.left[i], self.right[i]), self.same[i]


class Twin(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU6(), nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Linear(16, 6))
        self.log_scale = nn.Parameter(torch.zeros(1))

    def forward(self, a, b):
        u, v = self.features(a), self.features(b)
        return F.cosine_similarity(u, v) * self.log_scale.exp(), F.pairwise_distance(u, v)


twin = Twin()
optimizer = torch.optim.Adam(twin.parameters(), lr=5e-3)
contrastive = nn.HingeEmbeddingLoss(margin=0.5)
accumulate = 2
for step, ((a, b), same) in enumerate(DataLoader(Pairs(24), batch_size=4, shuffle=True)):
    similarity, distance = twin(a, b)
    loss = F.binary_cross_entropy_with_logits(similarity, same) + contrastive(distance, 2 * same - 1)
    (loss / accumulate).backward()
    if (step + 1) % accumulate == 0:
        norm = nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        print(step, f'{loss.item():.4f} {norm.item():.4f}', twin.log_scale)
embedding = nn.Embedding(5, 3, padding_idx=0)
print(embedding(torch.tensor([[0, 2], [4, 0]])), embedding)
