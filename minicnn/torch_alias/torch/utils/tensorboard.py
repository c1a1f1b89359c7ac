"""torch.utils.tensorboard: SummaryWriter, from the library tensorboardX; ImportError where it is not installed."""

try:
    from tensorboardX import SummaryWriter as SummaryWriter
except ImportError:
    raise ImportError("torch.utils.tensorboard needs tensorboardX here: pip install tensorboardX") from None
