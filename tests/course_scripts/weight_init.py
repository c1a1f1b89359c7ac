# Ways to start: apply with isinstance, every init function, and what a few steps make of each.
import torch
import torch.nn as nn
from torch.nn import init


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv = nn.Conv2d(1, 6, 3, padding=1, padding_mode='reflect')
        self.act = nn.PReLU()
        self.pool = nn.AvgPool2d(2)
        self.fc1 = nn.Linear(6 * 4 * 4, 20)
        self.norm = nn.LayerNorm(20)
        self.fc2 = nn.Linear(20, 3)

    def forward(self, x):
        x = self.pool(self.act(self.conv(x)))
        x = torch.tanh(self.norm(self.fc1(x.flatten(1))))
        return self.fc2(x)


starts = {
    'uniform': lambda w: init.uniform_(w, -0.2, 0.2),
    'normal': lambda w: init.normal_(w, mean=0.0, std=0.05),
    'constant': lambda w: init.constant_(w, 0.03),
    'xavier_uniform': lambda w: init.xavier_uniform_(w, gain=init.calculate_gain('tanh')),
    'xavier_normal': init.xavier_normal_,
    'kaiming_uniform': lambda w: init.kaiming_uniform_(w, mode='fan_in', nonlinearity='relu'),
    'kaiming_normal': lambda w: init.kaiming_normal_(w, mode='fan_out', a=0.1),
    'trunc_normal': lambda w: init.trunc_normal_(w, std=0.1),
    'orthogonal': init.orthogonal_,
}
x, y = torch.empty(0), None
for name, start in starts.items():
    torch.manual_seed(99)

    def init_weights(m):
        if isinstance(m, (nn.Conv2d, nn.Linear)):
            start(m.weight)
            if m.bias is not None:
                m.bias.data.zero_()
        elif type(m) == nn.LayerNorm:
            nn.init.ones_(m.weight)

    model = Net()
    model.apply(init_weights)
    x, y = torch.randn(16, 1, 8, 8), torch.randint(3, (16,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(3):
        loss = nn.functional.cross_entropy(model(x), y, weight=torch.tensor([1.0, 2.0, 0.5]))
        model.zero_grad()
        loss.backward()
        optimizer.step()
    print(f"{name:16s} weight {model.conv.weight[0, 0, 0].tolist()[0]:.4f} std {model.fc1.weight.std():.4f} loss {loss:.4f}")
print(model)
with torch.no_grad():
    for p in model.parameters():
        p.mul_(0.5).add_(0.01)
        p.clamp_(-0.1, 0.1)
print(sum(p.sum() for p in model.parameters()), model.act.weight)
vector = nn.utils.parameters_to_vector(model.parameters())
nn.utils.vector_to_parameters(vector * 2, model.parameters())
print(vector.shape, model.fc2.bias.data)
