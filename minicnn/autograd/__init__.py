"""The core: tensors, operations, and the engine that runs a graph backward."""

from minicnn.autograd import functional as functional
from minicnn.autograd.anomaly import detect_anomaly as detect_anomaly
from minicnn.autograd.anomaly import is_anomaly_enabled as is_anomaly_enabled
from minicnn.autograd.anomaly import set_detect_anomaly as set_detect_anomaly
from minicnn.autograd.engine import backward_of as backward  # noqa: F401
from minicnn.autograd.engine import grad as grad
from minicnn.autograd.function import Function as Function
from minicnn.autograd.grad_mode import enable_grad as enable_grad
from minicnn.autograd.grad_mode import inference_mode as inference_mode
from minicnn.autograd.grad_mode import is_grad_enabled as is_grad_enabled
from minicnn.autograd.grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from minicnn.autograd.grad_mode import no_grad as no_grad
from minicnn.autograd.grad_mode import set_grad_enabled as set_grad_enabled
from minicnn.autograd.gradcheck import gradcheck as gradcheck
from minicnn.autograd.gradcheck import gradgradcheck as gradgradcheck
from minicnn.autograd.variable import Variable as Variable
