# A data set of one's own, split by random_split, with samplers, workers and a collate function.
import numpy as np
import torch
from torch.utils.data import (ConcatDataset, DataLoader, Dataset, IterableDataset, RandomSampler, Subset, TensorDataset,
                              WeightedRandomSampler, random_split)
from torch.utils.data.sampler import SubsetRandomSampler


class Moons(Dataset):
    def __init__(self, n, transform=None):
        rng = np.random.RandomState(0)
        self.x = rng.randn(n, 2).astype(np.float32)
        self.y = (self.x[:, 0] * self.x[:, 1] > 0).astype(np.int64)
        self.transform = transform

    def __len__(self):
        return len(self.y)

    def __getitem__(self, idx):
        if torch.is_tensor(idx):
            idx = idx.tolist()
        sample = {'point': self.x[idx], 'label': self.y[idx]}
        if self.transform:
            sample = self.transform(sample)
        return sample


class ToTensor(object):
    def __call__(self, sample):
        return {'point': torch.from_numpy(sample['point']), 'label': sample['label']}


class Noise(object):
    def __call__(self, sample):
        return {**sample, 'point': sample['point'] + 0.01 * torch.randn(2)}


class Compose(object):
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, sample):
        for t in self.transforms:
            sample = t(sample)
        return sample


class Counter(IterableDataset):
    def __iter__(self):
        return iter(range(7))


if __name__ == '__main__':
    torch.manual_seed(2)
    dataset = Moons(50, transform=Compose([ToTensor(), Noise()]))
    train, valid = random_split(dataset, [40, 10])
    print(len(train), len(valid), train.indices[:5], valid.indices)
    parts = random_split(range(10), [0.5, 0.3, 0.2], generator=torch.Generator().manual_seed(42))
    print([list(part) for part in parts])

    for workers in (0, 2):
        loader = DataLoader(train, batch_size=16, shuffle=True, num_workers=workers)
        for i_batch, batch in enumerate(loader):
            print(i_batch, batch['point'].size(), batch['point'].dtype, batch['label'], batch['point'][0])

    sampler = WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5, replacement=True)
    print(list(sampler), len(sampler))
    print(list(SubsetRandomSampler([3, 5, 7, 9])), list(RandomSampler(range(5), replacement=True, num_samples=8)))
    both = ConcatDataset([TensorDataset(torch.arange(3), torch.arange(3) ** 2), TensorDataset(torch.ones(2), torch.zeros(2))])
    print(len(both), both[2], both[4], list(Subset(range(10), [1, 3])))
    print([batch for batch in DataLoader(Counter(), batch_size=3)])
    words = ['a', 'list', 'of', 'words']
    lengths = DataLoader(words, batch_size=2, collate_fn=lambda batch: torch.tensor([len(word) for word in batch]))
    print([batch.tolist() for batch in lengths], [batch for batch in DataLoader(words, batch_size=3)])

    net = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.ELU(), torch.nn.Linear(16, 2))
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
    for epoch in range(3):
        total = 0.0
        for batch in DataLoader(train, batch_size=8, shuffle=True):
            loss = torch.nn.functional.cross_entropy(net(batch['point']), batch['label'])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch['label'])
        print('epoch', epoch, 'loss %.4f' % (total / len(train)))
