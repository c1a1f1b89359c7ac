# In the style of a first hour with tensors and autograd: everything is printed.
import math

import numpy as np
import torch

torch.manual_seed(0)
data = [[1, 2], [3, 4]]
x_data = torch.tensor(data)
np_array = np.array(data)
x_np = torch.from_numpy(np_array)
x_ones = torch.ones_like(x_data)
x_rand = torch.rand_like(x_data, dtype=torch.float)
print(f"Ones Tensor: \n {x_ones} \n\nRandom Tensor: \n {x_rand} \n {x_np}")
tensor = torch.rand(3, 4)
print(f"Shape of tensor: {tensor.shape}\nDatatype: {tensor.dtype}\nDevice: {tensor.device}")
if torch.cuda.is_available():
    tensor = tensor.to('cuda')
tensor[:, 1] = 0
print(tensor, tensor[0], tensor[..., -1], sep='\n')
t1 = torch.cat([tensor, tensor, tensor], dim=1)
print(t1, torch.stack([tensor, tensor]).shape)
y1 = tensor @ tensor.T
y2 = tensor.matmul(tensor.T)
print(y1, torch.equal(y1, y2), tensor.mul(tensor), tensor.sum().item(), type(tensor.sum().item()))
tensor.add_(5)
n = tensor.numpy()
np.add(n, 1, out=n)
print(tensor, n.dtype, type(tensor), type(n))

x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()
print(x, y, y.grad_fn, z, out)
out.backward()
print(x.grad)
v = torch.randn(3, requires_grad=True)
w = v * 2
while w.data.norm() < 1000:
    w = w * 2
w.backward(torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float))
print(w, v.grad, (v ** 2).requires_grad)
with torch.no_grad():
    print((v ** 2).requires_grad, x.detach().eq(x).all())

x = torch.linspace(-math.pi, math.pi, 200)
y = torch.sin(x)
p = torch.tensor([1, 2, 3])
xx = x.unsqueeze(-1).pow(p)
model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
loss_fn = torch.nn.MSELoss(reduction='sum')
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for t in range(50):
    y_pred = model(xx)
    loss = loss_fn(y_pred, y)
    if t % 10 == 9:
        print(t, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
linear_layer = model[0]
print(f'y = {linear_layer.bias.item()} + {linear_layer.weight[:, 0].item()} x')
print(torch.arange(0, 10, 2), torch.eye(2), torch.full((2, 2), 7), torch.zeros(2, 0), torch.tensor([]), sep='\n')
print(torch.tensor([1e-8, 1.0]), torch.tensor([1e8, 1.0]), torch.tensor([float('nan'), float('inf')]))
print(torch.tensor([True, False]), torch.arange(24.).view(2, 3, 4), torch.rand(2, 2).double(), sep='\n')
a = torch.randn(4, 4)
print(a.max(1), a.argmax(), a.topk(2).values, a.sort(dim=0, descending=True)[1], a.view(-1, 8).size(), sep='\n')
print(a.long(), a.int().dtype, a.type(torch.LongTensor).type(), a.type(), torch.ByteTensor([1, 255]))
print(torch.Tensor(2, 3).shape, torch.FloatTensor([1, 2]), torch.numel(a), a.nelement(), a.dim(), len(a))
print("{:.3f} {} {:>8}".format(a.mean(), a.sum() > 0, a[0, 0].item() > 5), torch.is_tensor(a), a.is_contiguous())
print(torch.chunk(torch.arange(6), 3), torch.split(torch.arange(5), 2), torch.where(a > 0, a, 0).shape)
