# Layers that learn their input size, LBFGS, reparametrised weights, and results into given tensors.
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

torch.manual_seed(11)
net = nn.Sequential(
    nn.LazyConv2d(6, kernel_size=5, padding=2), nn.LazyBatchNorm2d(), nn.Sigmoid(), nn.AvgPool2d(2, 2),
    nn.LazyConv2d(16, kernel_size=5), nn.RReLU(), nn.AvgPool2d(2, 2), nn.Flatten(),
    nn.LazyLinear(20), nn.Tanh(), nn.LazyLinear(10))
print(net)
print(net[0].weight, net[0].has_uninitialized_params())
X = torch.randn(8, 1, 28, 28)
for layer in net:
    X = layer(X)
    print(layer.__class__.__name__, 'output shape:\t', X.shape)
print(X.std())

model = nn.Sequential(weight_norm(nn.Linear(3, 8)), nn.Tanh(), spectral_norm(nn.Linear(8, 1)))
print(model)
print(sorted(model.state_dict()))
points = torch.rand(64, 3)
wanted = (points ** 2).sum(1, keepdim=True)
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=10, line_search_fn='strong_wolfe')


def closure():
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(points), wanted)
    loss.backward()
    return loss


model.eval()
for step in range(3):
    loss = optimizer.step(closure)
    print('step %d: loss %.3e' % (step, loss.item()))

vector = parameters_to_vector(model.parameters())
print(vector.shape, 'norm %.3f' % vector.norm().item())
vector_to_parameters(torch.zeros_like(vector), model.parameters())
print(sum(p.abs().sum().item() for p in model.parameters()))

out = torch.empty(0)
torch.add(torch.ones(2, 3), 1, out=out)
values, indices = torch.empty(0), torch.empty(0, dtype=torch.long)
torch.max(torch.tensor([[1., 5., 2.], [7., 0., 3.]]), 1, out=(values, indices))
print(out, values, indices)
torch.exp_(out)
print(out.view(torch.int32))
print(torch.arange(6.).as_strided((2, 2), (3, 1)))
