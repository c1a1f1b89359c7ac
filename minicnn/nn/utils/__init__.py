"""torch.nn.utils: gradients clipped, parameters as vectors, weights reparametrised, layers fused and pruned."""

from minicnn.nn.utils import parametrizations as parametrizations
from minicnn.nn.utils import parametrize as parametrize
from minicnn.nn.utils import prune as prune
from minicnn.nn.utils.fusion import fuse_conv_bn_eval as fuse_conv_bn_eval
from minicnn.nn.utils.fusion import fuse_conv_bn_weights as fuse_conv_bn_weights
from minicnn.nn.utils.fusion import fuse_linear_bn_eval as fuse_linear_bn_eval
from minicnn.nn.utils.fusion import fuse_linear_bn_weights as fuse_linear_bn_weights
from minicnn.nn.utils.gradients import clip_grad_norm as clip_grad_norm
from minicnn.nn.utils.gradients import clip_grad_norm_ as clip_grad_norm_
from minicnn.nn.utils.gradients import clip_grad_value_ as clip_grad_value_
from minicnn.nn.utils.gradients import clip_grads_with_norm_ as clip_grads_with_norm_
from minicnn.nn.utils.gradients import get_total_norm as get_total_norm
from minicnn.nn.utils.reweighting import remove_spectral_norm as remove_spectral_norm
from minicnn.nn.utils.reweighting import remove_weight_norm as remove_weight_norm
from minicnn.nn.utils.reweighting import spectral_norm as spectral_norm
from minicnn.nn.utils.reweighting import weight_norm as weight_norm
from minicnn.nn.utils.vectors import parameters_to_vector as parameters_to_vector
from minicnn.nn.utils.vectors import vector_to_parameters as vector_to_parameters
