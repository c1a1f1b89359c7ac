"""The table of calls that `invalid.py` makes wrong: a function, its tensors (as shapes) and its other arguments (as
source)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Tensor:
    """A tensor argument: a shape, and a type."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    high: int = 2

    def source(self) -> str:
        """Numbers that suit the type."""
        if self.dtype.startswith(("int", "uint")):
            return f"(m.arange({max(size(self.shape), 0)}) % {self.high}).reshape({self.shape}).to(m.{self.dtype})"
        count = max(size(self.shape), 1)
        return f"(m.arange({size(self.shape)}) / {count}).reshape({self.shape}).to(m.{self.dtype})"


def size(shape: tuple[int, ...]) -> int:
    """The number of elements."""
    count = 1
    for n in shape:
        count *= n
    return count


@dataclass(frozen=True)
class Call:
    """`function(required…, option=…)`; `then` is put behind the call (`(x)` of a layer), `before` in front."""

    function: str
    required: dict[str, Any]
    options: dict[str, str]
    then: str = ""
    before: str = ""


def T(*shape: int, dtype: str = "float32", high: int = 2) -> Tensor:
    """A tensor."""
    return Tensor(shape, dtype, high)


X4, X3, X2 = T(2, 4, 8, 8), T(2, 4, 8), T(3, 5)
WINDOW = {"stride": "2", "padding": "1"}
REDUCE = {"reduction": "'sum'"}
LABELS = T(3, dtype="int64", high=5)

CALLS: tuple[Call, ...] = (
    # convolution
    Call("F.conv2d", {"input": X4, "weight": T(6, 4, 3, 3)}, {"bias": "m.ones(6)", **WINDOW, "dilation": "2"}),
    Call("F.conv2d", {"input": X4, "weight": T(6, 2, 3, 3)}, {"bias": "m.ones(6)", "groups": "2", "padding": "'same'"}),
    Call(
        "F.conv1d", {"input": X3, "weight": T(6, 4, 3)}, {"bias": "m.ones(6)", **WINDOW, "dilation": "2", "groups": "1"}
    ),
    Call(
        "F.conv_transpose2d",
        {"input": X4, "weight": T(4, 6, 3, 3)},
        {"bias": "m.ones(6)", **WINDOW, "output_padding": "1", "groups": "1", "dilation": "1"},
    ),
    Call(
        "F.conv_transpose1d",
        {"input": X3, "weight": T(4, 6, 3)},
        {"bias": "m.ones(6)", **WINDOW, "output_padding": "1"},
    ),
    Call(
        "nn.Conv2d",
        {"in_channels": "4", "out_channels": "6", "kernel_size": "3"},
        {**WINDOW, "dilation": "1", "groups": "2", "bias": "True", "padding_mode": "'reflect'"},
        f"({X4.source()})",
    ),
    Call(
        "nn.Conv1d",
        {"in_channels": "4", "out_channels": "6", "kernel_size": "3"},
        {**WINDOW, "dilation": "1", "groups": "2", "bias": "True", "padding_mode": "'zeros'"},
        f"({X3.source()})",
    ),
    Call(
        "nn.ConvTranspose2d",
        {"in_channels": "4", "out_channels": "6", "kernel_size": "3"},
        {**WINDOW, "output_padding": "1", "groups": "2", "bias": "True", "dilation": "1"},
        f"({X4.source()})",
    ),
    Call("nn.Conv2d(4, 6, 3)", {"input": X4}, {}),
    Call("nn.Conv1d(4, 6, 3)", {"input": X3}, {}),
    Call("nn.ConvTranspose2d(4, 6, 3, stride=2)", {"input": X4}, {"output_size": "(17, 17)"}),
    Call("F.unfold", {"input": X4, "kernel_size": "3"}, {"dilation": "1", **WINDOW}),
    Call("F.fold", {"input": T(2, 36, 16), "output_size": "(8, 8)", "kernel_size": "3"}, {"dilation": "1", **WINDOW}),
    # pooling
    Call(
        "F.max_pool2d",
        {"input": X4, "kernel_size": "2"},
        {**WINDOW, "dilation": "1", "ceil_mode": "True", "return_indices": "False"},
    ),
    Call("F.max_pool1d", {"input": X3, "kernel_size": "2"}, {**WINDOW, "dilation": "1", "ceil_mode": "True"}),
    Call(
        "F.avg_pool2d",
        {"input": X4, "kernel_size": "2"},
        {**WINDOW, "ceil_mode": "True", "count_include_pad": "False", "divisor_override": "3"},
    ),
    Call(
        "F.avg_pool1d", {"input": X3, "kernel_size": "2"}, {**WINDOW, "ceil_mode": "True", "count_include_pad": "False"}
    ),
    Call("F.adaptive_avg_pool2d", {"input": X4, "output_size": "(2, 3)"}, {}),
    Call("F.adaptive_max_pool2d", {"input": X4, "output_size": "(2, 3)"}, {"return_indices": "True"}),
    Call("F.adaptive_avg_pool1d", {"input": X3, "output_size": "3"}, {}),
    Call(
        "nn.MaxPool2d",
        {"kernel_size": "2"},
        {**WINDOW, "dilation": "1", "ceil_mode": "True", "return_indices": "False"},
        f"({X4.source()})",
    ),
    Call("nn.AvgPool2d", {"kernel_size": "2"}, {**WINDOW, "ceil_mode": "True"}, f"({X4.source()})"),
    Call("nn.MaxPool2d(2)", {"input": X4}, {}),
    Call("nn.AdaptiveAvgPool2d", {"output_size": "1"}, {}, f"({X4.source()})"),
    Call(
        "F.max_unpool2d",
        {"input": T(1, 1, 2, 2), "indices": T(1, 1, 2, 2, dtype="int64", high=4), "kernel_size": "2"},
        WINDOW,
    ),
    # padding, resizing
    Call("F.pad", {"input": X4, "pad": "(1, 2, 0, 1)"}, {"mode": "'constant'", "value": "1.0"}),
    Call("F.pad", {"input": X4, "pad": "(1, 2, 0, 1)", "mode": "'reflect'"}, {}),
    Call("F.pad", {"input": X3, "pad": "(1, 2)", "mode": "'replicate'"}, {}),
    Call("F.pad", {"input": X4, "pad": "(1, 2, 0, 1)", "mode": "'circular'"}, {}),
    Call("nn.ZeroPad2d", {"padding": "(1, 2, 0, 1)"}, {}, f"({X4.source()})"),
    Call("nn.ReflectionPad2d", {"padding": "2"}, {}, f"({X4.source()})"),
    Call("nn.ConstantPad2d", {"padding": "2", "value": "1.0"}, {}, f"({X4.source()})"),
    Call("F.interpolate", {"input": X4}, {"size": "(4, 4)", "mode": "'bilinear'", "align_corners": "False"}),
    Call("F.interpolate", {"input": X4, "scale_factor": "2"}, {"mode": "'nearest'"}),
    Call("nn.Upsample", {"scale_factor": "2"}, {"mode": "'nearest'"}, f"({X4.source()})"),
    Call("F.pixel_shuffle", {"input": X4, "upscale_factor": "2"}, {}),
    # linear, activations, norms, dropout
    Call("F.linear", {"input": X2, "weight": T(4, 5)}, {"bias": "m.ones(4)"}),
    Call("nn.Linear", {"in_features": "5", "out_features": "4"}, {"bias": "True"}, f"({X2.source()})"),
    Call("nn.Linear(5, 4)", {"input": X2}, {}),
    Call("F.relu", {"input": X2}, {"inplace": "False"}),
    Call("F.leaky_relu", {"input": X2}, {"negative_slope": "0.1"}),
    Call("F.elu", {"input": X2}, {"alpha": "0.5"}),
    Call("F.gelu", {"input": X2}, {"approximate": "'tanh'"}),
    Call("F.hardtanh", {"input": X2}, {"min_val": "-1.0", "max_val": "2.0"}),
    Call("F.softplus", {"input": X2}, {"beta": "1.0", "threshold": "20.0"}),
    Call("F.softmax", {"input": X2, "dim": "1"}, {}),
    Call("F.log_softmax", {"input": X2, "dim": "1"}, {}),
    Call("nn.Softmax", {"dim": "1"}, {}, f"({X2.source()})"),
    Call("F.prelu", {"input": X4, "weight": T(4)}, {}),
    Call("nn.PReLU", {}, {"num_parameters": "4", "init": "0.1"}, f"({X4.source()})"),
    Call("F.dropout", {"input": X2}, {"p": "0.0", "training": "True"}),
    Call("nn.Dropout", {}, {"p": "1.0"}, f"({X2.source()})"),
    Call("nn.Dropout2d", {}, {"p": "1.0"}, f"({X4.source()})"),
    Call(
        "nn.BatchNorm2d",
        {"num_features": "4"},
        {"eps": "1e-5", "momentum": "0.1", "affine": "True", "track_running_stats": "True"},
        f"({X4.source()})",
    ),
    Call("nn.BatchNorm2d(4)", {"input": X4}, {}),
    Call("nn.BatchNorm1d(5)", {"input": X2}, {}),
    Call(
        "nn.GroupNorm", {"num_groups": "2", "num_channels": "4"}, {"eps": "1e-5", "affine": "True"}, f"({X4.source()})"
    ),
    Call("nn.LayerNorm", {"normalized_shape": "[8, 8]"}, {"eps": "1e-5"}, f"({X4.source()})"),
    Call("nn.InstanceNorm2d(4)", {"input": X4}, {}),
    Call("nn.LocalResponseNorm", {"size": "3"}, {"alpha": "1e-4", "beta": "0.75", "k": "1.0"}, f"({X4.source()})"),
    Call("nn.Embedding", {"num_embeddings": "5", "embedding_dim": "3"}, {"padding_idx": "1"}, f"({LABELS.source()})"),
    Call("F.embedding", {"input": LABELS, "weight": T(5, 3)}, {}),
    # losses
    Call(
        "F.cross_entropy",
        {"input": X2, "target": LABELS},
        {**REDUCE, "weight": "m.ones(5)", "ignore_index": "2", "label_smoothing": "0.1"},
    ),
    Call("F.cross_entropy", {"input": X2, "target": X2}, {**REDUCE, "label_smoothing": "0.1"}),
    Call("nn.CrossEntropyLoss", {}, {**REDUCE, "label_smoothing": "0.1"}, f"({X2.source()}, {LABELS.source()})"),
    Call("F.nll_loss", {"input": X2, "target": LABELS}, {**REDUCE, "weight": "m.ones(5)", "ignore_index": "2"}),
    Call("F.mse_loss", {"input": X2, "target": X2}, REDUCE),
    Call("F.l1_loss", {"input": X2, "target": X2}, REDUCE),
    Call("F.smooth_l1_loss", {"input": X2, "target": X2}, {**REDUCE, "beta": "0.5"}),
    Call("F.huber_loss", {"input": X2, "target": X2}, {**REDUCE, "delta": "0.5"}),
    Call("F.binary_cross_entropy", {"input": X2, "target": X2}, {**REDUCE, "weight": "m.ones(5)"}),
    Call("F.binary_cross_entropy_with_logits", {"input": X2, "target": X2}, {**REDUCE, "pos_weight": "m.ones(5)"}),
    Call("F.kl_div", {"input": X2, "target": X2}, {"reduction": "'batchmean'", "log_target": "True"}),
    Call("F.hinge_embedding_loss", {"input": X2, "target": X2}, {**REDUCE, "margin": "0.5"}),
    Call("F.multi_margin_loss", {"input": X2, "target": LABELS}, {**REDUCE, "p": "2", "margin": "0.5"}),
    Call("nn.MSELoss", {}, REDUCE, f"({X2.source()}, {X2.source()})"),
    # shapes
    Call("m.reshape", {"input": X2, "shape": "(5, 3)"}, {}),
    Call("X.view", {}, {}, before="X = m.ones(3, 5)", then=""),
    Call("m.flatten", {"input": X4}, {"start_dim": "1", "end_dim": "2"}),
    Call("m.cat", {"tensors": "[m.ones(2, 3), m.ones(2, 3)]"}, {"dim": "1"}),
    Call("m.stack", {"tensors": "[m.ones(2, 3), m.ones(2, 3)]"}, {"dim": "1"}),
    Call("m.split", {"tensor": X2, "split_size_or_sections": "2"}, {"dim": "1"}),
    Call("m.chunk", {"input": X2, "chunks": "2"}, {"dim": "1"}),
    Call("m.transpose", {"input": X2, "dim0": "0", "dim1": "1"}, {}),
    Call("m.permute", {"input": X4, "dims": "(1, 0, 2, 3)"}, {}),
    Call("m.squeeze", {"input": T(1, 3)}, {"dim": "0"}),
    Call("m.unsqueeze", {"input": X2, "dim": "1"}, {}),
    Call("m.ones(1, 3).expand", {"size": "(2, 3)"}, {}),
    Call("m.ones(2, 3).repeat", {"repeats": "(2, 2)"}, {}),
    Call("m.movedim", {"input": X4, "source": "1", "destination": "2"}, {}),
    Call("m.narrow", {"input": X2, "dim": "1", "start": "1", "length": "2"}, {}),
    Call("m.unbind", {"input": X2}, {"dim": "1"}),
    Call("m.flip", {"input": X2, "dims": "(0,)"}, {}),
    Call("m.roll", {"input": X2, "shifts": "1"}, {"dims": "0"}),
    Call("m.tril", {"input": X2}, {"diagonal": "1"}),
    # products
    Call("m.matmul", {"input": X2, "other": T(5, 2)}, {}),
    Call("m.mm", {"input": X2, "mat2": T(5, 2)}, {}),
    Call("m.bmm", {"input": T(2, 3, 5), "mat2": T(2, 5, 2)}, {}),
    Call("m.mv", {"input": X2, "vec": T(5)}, {}),
    Call("m.dot", {"input": T(5), "tensor": T(5)}, {}),
    Call("m.addmm", {"input": T(3, 2), "mat1": X2, "mat2": T(5, 2)}, {"beta": "0.5"}),
    # arithmetic, reductions
    Call("m.add", {"input": X2, "other": X2}, {"alpha": "2"}),
    Call("m.mul", {"input": X2, "other": X2}, {}),
    Call("m.div", {"input": X2, "other": X2}, {"rounding_mode": "'floor'"}),
    Call("m.pow", {"input": X2, "exponent": "2"}, {}),
    Call("m.eq", {"input": X2, "other": X2}, {}),
    Call("m.maximum", {"input": X2, "other": X2}, {}),
    Call("m.clamp", {"input": X2}, {"min": "0", "max": "1"}),
    Call("m.where", {"condition": T(3, 5, dtype="bool"), "input": X2, "other": X2}, {}),
    Call("m.sum", {"input": X2}, {"dim": "1", "keepdim": "True"}),
    Call("m.mean", {"input": X2}, {"dim": "1", "keepdim": "True"}),
    Call("m.max", {"input": X2, "dim": "1"}, {"keepdim": "True"}),
    Call("m.argmax", {"input": X2}, {"dim": "1", "keepdim": "True"}),
    Call("m.var", {"input": X2}, {"dim": "1", "correction": "1", "keepdim": "True"}),
    Call("m.prod", {"input": X2, "dim": "1"}, {"keepdim": "True"}),
    Call("m.cumsum", {"input": X2, "dim": "1"}, {}),
    Call("m.logsumexp", {"input": X2, "dim": "1"}, {"keepdim": "True"}),
    Call("m.norm", {"input": X2}, {"p": "2", "dim": "1"}),
    Call("m.sort", {"input": X2}, {"dim": "1", "descending": "True"}),
    Call("m.topk", {"input": X2, "k": "2"}, {"dim": "1"}),
    # indexing
    Call("m.gather", {"input": X2, "dim": "1", "index": T(3, 2, dtype="int64")}, {}),
    Call("m.scatter", {"input": X2, "dim": "1", "index": T(3, 2, dtype="int64"), "src": X2}, {}),
    Call("m.index_select", {"input": X2, "dim": "1", "index": T(3, dtype="int64")}, {}),
    Call("m.masked_fill", {"input": X2, "mask": T(3, 5, dtype="bool"), "value": "1.0"}, {}),
    Call("m.masked_select", {"input": X2, "mask": T(3, 5, dtype="bool")}, {}),
    Call("F.one_hot", {"tensor": LABELS}, {"num_classes": "5"}),
    # creation
    Call("m.zeros", {"size": "(2, 3)"}, {"dtype": "m.float64", "requires_grad": "True"}),
    Call("m.full", {"size": "(2, 3)", "fill_value": "1.0"}, {"dtype": "m.float64"}),
    Call("m.arange", {"start": "0", "end": "5"}, {"step": "2", "dtype": "m.float32"}),
    Call("m.linspace", {"start": "0", "end": "5", "steps": "4"}, {}),
    Call("m.eye", {"n": "3"}, {"m": "2"}),
    Call("m.tensor", {"data": "[1.0, 2.0]"}, {"dtype": "m.float64", "requires_grad": "True"}),
    Call("m.ones_like", {"input": X2}, {"dtype": "m.float64"}),
    Call("m.randint", {"low": "0", "high": "1", "size": "(2, 3)"}, {}),
    Call("m.randperm", {"n": "1"}, {}),
    Call("m.manual_seed", {"seed": "1"}, {}),
    # modules
    Call("nn.Sequential", {"layer": "nn.ReLU()"}, {}),
    Call("nn.ModuleList", {"modules": "[nn.ReLU()]"}, {}),
    Call("nn.ModuleDict", {"modules": "{'a': nn.ReLU()}"}, {}),
    Call("nn.Flatten", {}, {"start_dim": "1", "end_dim": "2"}, f"({X4.source()})"),
    Call("nn.Unflatten", {"dim": "1", "unflattened_size": "(2, 2)"}, {}, f"({X4.source()})"),
    Call("nn.Linear(2, 3).train", {}, {"mode": "True"}),
    Call("nn.Linear(2, 3).load_state_dict", {"state_dict": "nn.Linear(2, 3).state_dict()"}, {"strict": "True"}),
    Call("nn.Linear(2, 3).register_buffer", {"name": "'a'", "tensor": "m.ones(2)"}, {"persistent": "True"}),
    Call("nn.Linear(2, 3).register_parameter", {"name": "'a'", "param": "nn.Parameter(m.ones(2))"}, {}),
    Call("nn.Linear(2, 3).add_module", {"name": "'a'", "module": "nn.ReLU()"}, {}),
    Call("nn.Linear(2, 3).to", {"dtype": "m.float64"}, {}),
    Call("nn.Linear(2, 3).get_submodule", {"target": "''"}, {}),
    Call("nn.Parameter", {"data": "m.ones(2)"}, {"requires_grad": "True"}),
    Call("nn.utils.clip_grad_norm_", {"parameters": "[m.ones(2)]", "max_norm": "1.0"}, {"norm_type": "2.0"}),
    Call("nn.init.uniform_", {"tensor": T(2, 3)}, {"a": "0.0", "b": "0.0"}),
    Call("nn.init.xavier_uniform_", {"tensor": T(2, 3)}, {"gain": "0.0"}),
    Call("nn.init.kaiming_normal_", {"tensor": T(2, 3)}, {"a": "0", "mode": "'fan_out'", "nonlinearity": "'relu'"}),
    Call("nn.init.constant_", {"tensor": T(2, 3), "val": "1.0"}, {}),
    Call("nn.init.calculate_gain", {"nonlinearity": "'leaky_relu'"}, {"param": "0.2"}),
    # autograd
    Call(
        "(W * 2).backward",
        {},
        {"gradient": "m.ones(3)"},
        before="W = m.ones(3, requires_grad=True)",
    ),
    Call(
        "m.autograd.grad", {"outputs": "(W * 2).sum()", "inputs": "W"}, {}, before="W = m.ones(3, requires_grad=True)"
    ),
    Call("W.requires_grad_", {"requires_grad": "True"}, {}, before="W = m.ones(3)"),
    Call("W.to", {"dtype": "m.float64"}, {}, before="W = m.ones(3)"),
    Call("W.fill_", {"value": "2.0"}, {}, before="W = m.ones(3)"),
    Call("W.copy_", {"src": "m.ones(3)"}, {}, before="W = m.zeros(3)"),
    Call("W.add_", {"other": "m.ones(3)"}, {"alpha": "2"}, before="W = m.zeros(3)"),
    # optimisers and schedules
    Call(
        "optim.SGD",
        {"params": "[nn.Parameter(m.ones(2))]"},
        {"lr": "0.1", "momentum": "0.9", "dampening": "0", "weight_decay": "0.1", "nesterov": "True"},
        ".step()",
    ),
    Call(
        "optim.Adam",
        {"params": "[nn.Parameter(m.ones(2))]"},
        {"lr": "0.1", "betas": "(0.9, 0.99)", "eps": "1e-8", "weight_decay": "0.1", "amsgrad": "True"},
        ".step()",
    ),
    Call(
        "optim.AdamW",
        {"params": "[nn.Parameter(m.ones(2))]"},
        {"lr": "0.1", "betas": "(0.9, 0.99)", "eps": "1e-8"},
        ".step()",
    ),
    Call(
        "optim.RMSprop",
        {"params": "[nn.Parameter(m.ones(2))]"},
        {"lr": "0.1", "alpha": "0.9", "eps": "1e-8", "momentum": "0.9"},
        ".step()",
    ),
    Call(
        "optim.Adagrad",
        {"params": "[nn.Parameter(m.ones(2))]"},
        {"lr": "0.1", "lr_decay": "0.1", "eps": "1e-8"},
        ".step()",
    ),
    Call(
        "optim.Adadelta", {"params": "[nn.Parameter(m.ones(2))]"}, {"lr": "0.1", "rho": "0.9", "eps": "1e-8"}, ".step()"
    ),
    Call(
        "optim.lr_scheduler.StepLR",
        {"optimizer": "O", "step_size": "2"},
        {"gamma": "0.5"},
        ".step()",
        "O = optim.SGD([nn.Parameter(m.ones(2))], lr=0.1)",
    ),
    Call(
        "optim.lr_scheduler.MultiStepLR",
        {"optimizer": "O", "milestones": "[1, 2]"},
        {"gamma": "0.5"},
        ".step()",
        "O = optim.SGD([nn.Parameter(m.ones(2))], lr=0.1)",
    ),
    Call(
        "optim.lr_scheduler.OneCycleLR",
        {"optimizer": "O", "max_lr": "0.5"},
        {"total_steps": "10", "pct_start": "0.3", "anneal_strategy": "'cos'"},
        ".step()",
        "O = optim.SGD([nn.Parameter(m.ones(2))], lr=0.1, momentum=0.9)",
    ),
    Call(
        "optim.lr_scheduler.LinearLR",
        {"optimizer": "O"},
        {"start_factor": "0.5", "end_factor": "1.0", "total_iters": "5"},
        ".step()",
        "O = optim.SGD([nn.Parameter(m.ones(2))], lr=0.1)",
    ),
    Call(
        "optim.lr_scheduler.CosineAnnealingLR",
        {"optimizer": "O", "T_max": "5"},
        {"eta_min": "0.01"},
        ".step()",
        "O = optim.SGD([nn.Parameter(m.ones(2))], lr=0.1)",
    ),
    Call(
        "optim.lr_scheduler.ReduceLROnPlateau",
        {"optimizer": "O"},
        {"mode": "'max'", "factor": "0.5", "patience": "2", "threshold_mode": "'abs'"},
        ".step(1.0)",
        "O = optim.SGD([nn.Parameter(m.ones(2))], lr=0.1)",
    ),
    # data
    Call(
        "D.DataLoader",
        {"dataset": "range(10)"},
        {"batch_size": "3", "shuffle": "False", "drop_last": "True", "num_workers": "0"},
        ".__iter__().__next__()",
    ),
    Call(
        "D.DataLoader",
        {"dataset": "range(10)"},
        {"sampler": "[1, 2]", "timeout": "0", "collate_fn": "list", "pin_memory": "False"},
        ".__iter__().__next__()",
    ),
    Call("D.TensorDataset", {"tensors": "m.ones(3, 2)"}, {}, ".__getitem__(0)"),
    Call("D.Subset", {"dataset": "range(10)", "indices": "[1, 2]"}, {}, ".__getitem__(0)"),
    Call("D.ConcatDataset", {"datasets": "[range(3), range(2)]"}, {}, ".__getitem__(4)"),
    Call("D.random_split", {"dataset": "range(10)", "lengths": "[7, 3]"}, {}),
    Call("D.RandomSampler", {"data_source": "range(10)"}, {"replacement": "True", "num_samples": "3"}),
    Call("D.BatchSampler", {"sampler": "range(10)", "batch_size": "3", "drop_last": "False"}, {}),
    # transforms
    Call("V.Normalize", {"mean": "(0.5, 0.5, 0.5)", "std": "(0.5, 0.5, 0.5)"}, {}, "(m.ones(3, 4, 4))"),
    Call("V.CenterCrop", {"size": "3"}, {}, "(m.ones(3, 4, 4))"),
    Call(
        "V.RandomCrop",
        {"size": "4"},
        {"padding": "0", "pad_if_needed": "True", "fill": "0"},
        "(m.ones(3, 4, 4))",
    ),
    Call("V.Pad", {"padding": "(1, 2)"}, {"fill": "0", "padding_mode": "'constant'"}, "(m.ones(3, 4, 4))"),
    Call("V.RandomHorizontalFlip", {}, {"p": "1.0"}, "(m.ones(3, 4, 4))"),
    Call("V.Resize", {"size": "(4, 4)"}, {}, "(V.ToPILImage()(m.ones(3, 8, 8)))"),
    Call("V.ToTensor", {}, {}, "(np.ones((4, 4, 3), np.uint8))"),
    Call("V.ToPILImage", {}, {"mode": "'RGB'"}, "(m.ones(3, 4, 4))"),
    Call("V.Grayscale", {}, {"num_output_channels": "3"}, "(m.ones(3, 4, 4))"),
    Call("V.Compose", {"transforms": "[V.RandomHorizontalFlip(1.0)]"}, {}, "(m.ones(3, 4, 4))"),
    Call("V.Lambda", {"lambd": "abs"}, {}, "(m.ones(3, 4, 4))"),
)
