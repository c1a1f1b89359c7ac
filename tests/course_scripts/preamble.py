# Everything that scripts switch on and off before they begin, and around a step of training.
import os
import random
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.backends.cudnn as cudnn
from torch.cuda.amp import GradScaler
from torch.nn import *
from torch.optim import *


def seed_everything(seed):
    random.seed(seed)
    os.environ['PYTHONHASHSEED'] = str(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)


seed_everything(42)
torch.set_num_threads(1)
torch.set_float32_matmul_precision('high')
torch.set_default_dtype(torch.float32)
torch.set_default_device('cpu')
torch.autograd.set_detect_anomaly(False)
torch.cuda.empty_cache()
cudnn.enabled = True
device = ("cuda" if torch.cuda.is_available()
          else "mps" if torch.backends.mps.is_available()
          else "cpu")
print(device, torch.cuda.device_count(), torch.get_num_threads(), torch.get_default_dtype(), cudnn.benchmark)
print(torch.__version__.split('+')[0], torch.version.cuda, torch.accelerator.current_accelerator())
print(hasattr(torch, 'compile'), hasattr(torch, 'no_such_thing'), getattr(torch, 'neither', None))
try:
    from torch.no_such_module import anything
except ImportError:
    print('prepared for a missing module')

model = Sequential(Linear(4, 8), Softplus(), Linear(8, 2)).to(device)
if hasattr(torch, 'compile') and '--compile' in sys.argv:
    model = torch.compile(model)
optimizer = AdamW(model.parameters(), lr=1e-2)
use_amp = False
scaler = torch.amp.GradScaler('cuda', enabled=use_amp)
old_scaler = GradScaler(enabled=use_amp)
x, y = torch.randn(16, 4), torch.randn(16, 2)
for step in range(3):
    with torch.autocast(device_type=device, dtype=torch.float16, enabled=use_amp):
        loss = functional.smooth_l1_loss(model(x), y)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_value_(model.parameters(), 0.05)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
    print(step, loss.item(), scaler.get_scale(), old_scaler.is_enabled())

cpu_scaler = torch.amp.GradScaler('cpu', init_scale=1024.0, growth_interval=2)
for step in range(3):
    cpu_scaler.scale(functional.huber_loss(model(x), y)).backward()
    cpu_scaler.step(optimizer)
    cpu_scaler.update()
    optimizer.zero_grad()
print(cpu_scaler.get_scale(), cpu_scaler.state_dict())
state = torch.get_rng_state()
with torch.random.fork_rng():
    print(torch.rand(2))
print(torch.rand(2), state.shape, state.dtype, torch.initial_seed())
torch.set_rng_state(state)
print(torch.rand(2), random.random(), np.random.rand())


@torch.no_grad()
def evaluate():
    model.eval()
    return model(x).pow(2).mean()


print(evaluate(), evaluate().requires_grad, torch.is_grad_enabled())
with torch.inference_mode():
    print(model(x)[0].requires_grad)
print(type(model), type(model[0]), type(loss), type(x.shape), type(torch.float32), torch.device('cpu'), sep='\n')
print(torch.cuda.memory_allocated(), torch.cuda.is_initialized(), torch.are_deterministic_algorithms_enabled())
