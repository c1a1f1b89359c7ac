"""torch.nn.modules: the layers once more, by the files that PyTorch has them in (`torch.nn.modules.conv`).

A layer's class says that it comes from there, as PyTorch's does: `print(type(layer))`.
"""

import sys as _sys
from types import ModuleType as _ModuleType
from typing import Any as _Any

from minicnn import alias as _alias
from minicnn import nn as _nn
from minicnn.nn import batch_norm as _batch_norm
from minicnn.nn import conv as _conv
from minicnn.nn import hooks as _hooks
from minicnn.nn import lazy as _lazy

_FILES = {
    "activation": "CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish "
    "PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink "
    "Threshold",
    "batchnorm": "BatchNorm1d BatchNorm2d BatchNorm3d LazyBatchNorm1d LazyBatchNorm2d",
    "container": "ModuleDict ModuleList ParameterDict ParameterList Sequential",
    "conv": "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConv1d LazyConv2d "
    "LazyConvTranspose1d LazyConvTranspose2d",
    "distance": "CosineSimilarity PairwiseDistance",
    "dropout": "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout",
    "flatten": "Flatten Unflatten",
    "fold": "Fold Unfold",
    "instancenorm": "InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d LazyInstanceNorm2d",
    "lazy": "",
    "linear": "Bilinear Identity LazyLinear Linear",
    "loss": "BCELoss BCEWithLogitsLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss HingeEmbeddingLoss "
    "HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss MultiMarginLoss NLLLoss "
    "PoissonNLLLoss SmoothL1Loss SoftMarginLoss TripletMarginLoss",
    "module": "Module",
    "normalization": "GroupNorm LayerNorm LocalResponseNorm RMSNorm",
    "padding": "CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d ReflectionPad1d "
    "ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d",
    "pixelshuffle": "PixelShuffle PixelUnshuffle",
    "pooling": "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d "
    "AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d LPPool1d LPPool2d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d "
    "MaxUnpool2d MaxUnpool3d",
    "sparse": "Embedding",
    "upsampling": "Upsample UpsamplingBilinear2d UpsamplingNearest2d",
}
# base classes that scripts ask for by `isinstance`, and what is no layer
_OTHERS: dict[str, dict[str, _Any]] = {
    "batchnorm": {"_BatchNorm": _batch_norm._BatchNorm},
    "conv": {"_ConvNd": _conv._Conv},
    "lazy": {"LazyModuleMixin": _lazy.LazyModuleMixin},
    "module": {name: hook for name, hook in vars(_hooks).items() if name.startswith("register_module_")},
}

for _file, _classes in _FILES.items():
    _module = _ModuleType(f"{__name__}.{_file}", f"torch.nn.modules.{_file}: layers of minicnn.nn.")
    _sys.modules[_module.__name__] = _module
    globals()[_file] = _module
    for _name in _classes.split():
        _class = getattr(_nn, _name, None)
        if _class is not None:
            _class.__module__ = _module.__name__
            globals()[_name] = _class
            setattr(_module, _name, _class)
    for _name, _other in _OTHERS.get(_file, {}).items():
        setattr(_module, _name, _other)
    _alias.show(_module.__name__)

_alias.show(__name__)
