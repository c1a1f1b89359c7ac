# Grad-CAM and saliency with hooks: what a network looks at.
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(7)
features, gradients = {}, {}


def save_features(name):
    def hook(module, input, output):
        features[name] = output.detach()
    return hook


def save_gradients(name):
    def hook(module, grad_input, grad_output):
        gradients[name] = grad_output[0].detach()
    return hook


model = nn.Sequential()
model.add_module('conv1', nn.Conv2d(3, 8, 3, padding=1))
model.add_module('relu1', nn.ReLU())
model.add_module('pool1', nn.MaxPool2d(2))
model.add_module('conv2', nn.Conv2d(8, 16, 3, padding=1))
model.add_module('relu2', nn.ReLU())
model.add_module('gap', nn.AdaptiveAvgPool2d(1))
model.add_module('flat', nn.Flatten())
model.add_module('fc', nn.Linear(16, 5))
handles = [
    model.conv2.register_forward_hook(save_features('conv2')),
    model.conv2.register_full_backward_hook(save_gradients('conv2')),
]
image = torch.rand(1, 3, 16, 16, requires_grad=True)
scores = model(image)
print(scores)
label = scores.argmax(dim=1).item()
one_hot = torch.zeros_like(scores)
one_hot[0, label] = 1
model.zero_grad()
scores.backward(gradient=one_hot, retain_graph=True)
weights = gradients['conv2'].mean(dim=(2, 3), keepdim=True)
cam = F.relu((weights * features['conv2']).sum(dim=1, keepdim=True))
cam = F.interpolate(cam, size=(16, 16), mode='bilinear', align_corners=False)
cam = (cam - cam.min()) / (cam.max() - cam.min() + 1e-8)
print(cam.shape, 'mean %.4f' % cam.mean().item(), 'class', label)
saliency, _ = torch.max(image.grad.data.abs(), dim=1)
print(saliency.shape, 'saliency %.5f' % saliency.sum().item())
for handle in handles:
    handle.remove()

# The old kind of hook, and a hook on the tensor itself
seen = []
handle = model.relu2.register_backward_hook(lambda module, grad_in, grad_out: seen.append(grad_out[0].norm().item()))
activation = model.pool1(model.relu1(model.conv1(image)))
activation.register_hook(lambda grad: seen.append(grad.abs().sum().item()))
model.fc(model.flat(model.gap(model.relu2(model.conv2(activation)))))[0, label].backward()
print(['%.4f' % x for x in seen])
handle.remove()


class GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        x, = ctx.saved_tensors
        return grad_output * (x > 0).float() * (grad_output > 0).float()


class Guided(nn.Module):
    def forward(self, x):
        return GuidedReLU.apply(x)


for name, module in model.named_children():
    if isinstance(module, nn.ReLU):
        setattr(model, name, Guided())
image.grad = None
model(image)[0, label].backward()
print('guided %.5f' % image.grad.clamp(min=0).sum().item())

# Hooks of all modules count what is computed
counts = []
handle = torch.nn.modules.module.register_module_forward_hook(
    lambda module, input, output: counts.append((type(module).__name__, tuple(output.shape))))
with torch.no_grad():
    model(image)
handle.remove()
for row in counts:
    print(*row)
