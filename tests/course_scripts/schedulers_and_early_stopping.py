# Learning rates that change, gradients that are clipped, and training that ends when validation stops improving.
import copy

import torch
import torch.nn as nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)
inputs = torch.randn(96, 1, 8, 8)
targets = (inputs.mean((1, 2, 3)) > 0).long()
train_loader = DataLoader(TensorDataset(inputs[:64], targets[:64]), batch_size=16, shuffle=True)
val_loader = DataLoader(TensorDataset(inputs[64:], targets[64:]), batch_size=32)


class EarlyStopping:
    def __init__(self, patience=2, delta=0.0, path='checkpoint.pt'):
        self.patience, self.delta, self.path = patience, delta, path
        self.counter, self.best_score, self.early_stop = 0, None, False

    def __call__(self, val_loss, model):
        score = -val_loss
        if self.best_score is None or score > self.best_score + self.delta:
            self.best_score = score
            self.counter = 0
            torch.save(model.state_dict(), self.path)
        else:
            self.counter += 1
            print(f'EarlyStopping counter: {self.counter} out of {self.patience}')
            self.early_stop = self.counter >= self.patience


def make_model():
    torch.manual_seed(21)
    return nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
                         nn.Flatten(), nn.Linear(4, 2))


def train(model, optimizer, scheduler, epochs=6, per_batch=False):
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    stopper = EarlyStopping()
    best_model_wts = copy.deepcopy(model.state_dict())
    best_acc = 0.0
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(model(x), y)
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.5)
            optimizer.step()
            if per_batch:
                scheduler.step()
        model.eval()
        with torch.set_grad_enabled(False):
            for x, y in val_loader:
                out = model(x)
                val_loss = criterion(out, y)
                acc = (out.argmax(1) == y).double().mean()
        if isinstance(scheduler, lr_scheduler.ReduceLROnPlateau):
            scheduler.step(val_loss)
        elif not per_batch:
            scheduler.step()
        if acc > best_acc:
            best_acc = acc
            best_model_wts = copy.deepcopy(model.state_dict())
        print('epoch {} norm {:.4f} val_loss {:.4f} acc {:.4f} lr {:.6f}'.format(
            epoch, norm, val_loss, acc, optimizer.param_groups[0]['lr']))
        stopper(val_loss, model)
        if stopper.early_stop:
            print("Early stopping")
            break
    model.load_state_dict(best_model_wts)
    model.load_state_dict(torch.load('checkpoint.pt'))


schedules = [
    lambda o: (lr_scheduler.StepLR(o, step_size=2, gamma=0.5), False),
    lambda o: (lr_scheduler.ReduceLROnPlateau(o, 'min', patience=1, factor=0.3), False),
    lambda o: (lr_scheduler.OneCycleLR(o, max_lr=0.1, steps_per_epoch=4, epochs=6), True),
    lambda o: (lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=2), False),
    lambda o: (lr_scheduler.LambdaLR(o, lambda epoch: 0.9 ** epoch), False),
    lambda o: (lr_scheduler.SequentialLR(o, [lr_scheduler.LinearLR(o, 0.1, total_iters=2),
                                             lr_scheduler.CosineAnnealingLR(o, T_max=4)], milestones=[2]), False),
]
optimizers = [
    lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-4),
    lambda p: torch.optim.Adam(p, lr=0.01, amsgrad=True),
    lambda p: torch.optim.NAdam(p, lr=0.01),
    lambda p: torch.optim.Adagrad(p, lr=0.05),
    lambda p: torch.optim.RAdam(p, lr=0.02),
    lambda p: torch.optim.Adamax(p, lr=0.02),
]
for make_optimizer, make_schedule in zip(optimizers, schedules):
    model = make_model()
    optimizer = make_optimizer(model.parameters())
    scheduler, per_batch = make_schedule(optimizer)
    print(type(scheduler).__name__, type(optimizer).__name__)
    train(model, optimizer, scheduler, per_batch=per_batch)
print(optimizer)
