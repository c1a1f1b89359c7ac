# In the style of the pruning tutorial: LeNet with fewer and fewer weights.
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import prune

torch.manual_seed(0)


class LeNet(nn.Module):
    def __init__(self):
        super(LeNet, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, int(x.nelement() / x.shape[0]))
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


model = LeNet()
module = model.conv1
print([name for name, _ in module.named_parameters()], list(module.named_buffers()))
prune.random_unstructured(module, name="weight", amount=0.3)
print([name for name, _ in module.named_parameters()])
print(dict(module.named_buffers())['weight_mask'].sum())
print(module.weight[0])
prune.l1_unstructured(module, name="bias", amount=3)
print(module.bias)
prune.ln_structured(module, name="weight", amount=0.5, n=2, dim=0)
print(model.state_dict().keys())
prune.remove(module, 'weight')
print(list(n for n, _ in module.named_parameters()))

new_model = LeNet()
for name, layer in new_model.named_modules():
    if isinstance(layer, torch.nn.Conv2d):
        prune.l1_unstructured(layer, name='weight', amount=0.2)
    elif isinstance(layer, torch.nn.Linear):
        prune.l1_unstructured(layer, name='weight', amount=0.4)
print(sorted(dict(new_model.named_buffers()).keys()))

optimizer = torch.optim.SGD(new_model.parameters(), lr=0.05, momentum=0.9)
images, labels = torch.randn(32, 1, 32, 32), torch.randint(0, 10, (32,))
for step in range(4):
    optimizer.zero_grad()
    loss = F.cross_entropy(new_model(images), labels)
    loss.backward()
    optimizer.step()
    print('step', step, 'loss %.4f' % loss.item())

model = LeNet()
parameters_to_prune = (
    (model.conv1, 'weight'), (model.conv2, 'weight'), (model.fc1, 'weight'), (model.fc2, 'weight'),
    (model.fc3, 'weight'),
)
prune.global_unstructured(parameters_to_prune, pruning_method=prune.L1Unstructured, amount=0.2)
for layer in (model.conv1, model.conv2, model.fc1, model.fc2, model.fc3):
    print("Sparsity in {}: {:.2f}%".format(
        type(layer).__name__, 100. * float(torch.sum(layer.weight == 0)) / float(layer.weight.nelement())))


class FooBarPruningMethod(prune.BasePruningMethod):
    """Prune every other entry in a tensor"""
    PRUNING_TYPE = 'unstructured'

    def compute_mask(self, t, default_mask):
        mask = default_mask.clone()
        mask.view(-1)[::2] = 0
        return mask


def foobar_unstructured(module, name):
    FooBarPruningMethod.apply(module, name)
    return module


model = LeNet()
foobar_unstructured(model.fc3, name='bias')
print(model.fc3.bias_mask)
print(prune.is_pruned(model))
