# Looking into a network: forward and backward hooks, feature maps, gradients of inputs, frozen batch statistics.
import torch
import torch.nn as nn

torch.manual_seed(12)
model = nn.Sequential(
    nn.Conv2d(1, 4, 3), nn.LeakyReLU(0.1), nn.MaxPool2d(2),
    nn.Conv2d(4, 8, 3), nn.GroupNorm(2, 8), nn.GELU(), nn.Flatten(), nn.Linear(8 * 3 * 3, 5),
)
activation = {}


def get_activation(name):
    def hook(model, input, output):
        activation[name] = output.detach()
    return hook


handles = [layer.register_forward_hook(get_activation(name)) for name, layer in model.named_children()]
grads = []
handle = model[3].register_full_backward_hook(lambda m, gin, gout: grads.append((m.__class__.__name__, gout[0].norm())))
images = torch.randn(2, 1, 12, 12, requires_grad=True)
output = model(images)
score = output[0, output[0].argmax()]
score.backward()
for name, value in activation.items():
    print(name, tuple(value.shape), 'mean {:.4f} std {:.4f}'.format(value.mean(), value.std()))
print(grads, images.grad.abs().max())
for h in handles:
    h.remove()
handle.remove()
activation.clear()
model(images)
print(activation, len(grads))

x = torch.randn(3, requires_grad=True)
y = x * 2
y.retain_grad()
y.register_hook(lambda grad: grad * 10)
h = x.register_hook(lambda grad: print('gradient of x:', grad))
y.sum().backward()
print(x.grad, y.grad)
h.remove()

pre = model[0].register_forward_pre_hook(lambda m, args: (args[0] * 0,))
print(model[0](images)[0, :, 0, 0], model[0].bias)
pre.remove()
for name, param in model.named_parameters():
    print(name, tuple(param.shape), param.requires_grad, f'{param.data.mean():.5f}')
kernels = model[0].weight.data.clone()
kernels = (kernels - kernels.min()) / (kernels.max() - kernels.min())
print(kernels[0, 0])
weights = model[0].weight.view(4, -1)
print((weights @ weights.t()).diag(), weights.norm(dim=1, keepdim=True).shape)
