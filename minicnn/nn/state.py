"""state_dict and load_state_dict: which entries a module has, and copying them in with a full account
of what did not fit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from minicnn.autograd.grad_mode import no_grad
from minicnn.autograd.tensor import Tensor
from minicnn.functional.conversion import copy_
from minicnn.nn.parameter import Parameter, is_lazy

EXTRA = "_extra_state"  # the entry that get_extra_state makes


class IncompatibleKeys(NamedTuple):
    """What load_state_dict returns: names it missed, and names that it could not place."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def new_destination() -> OrderedDict[str, Any]:
    """An empty state_dict, with PyTorch's `_metadata` (the version of each module's layout) beside it."""
    destination: Any = OrderedDict()
    destination._metadata = OrderedDict()
    return destination


def own_entries(module: Any) -> dict[str, Tensor]:
    """The parameters and persistent buffers of `module` itself, by name."""
    persistent = {k: v for k, v in module._buffers.items() if k not in module._non_persistent_buffers_set}
    return {k: v for k, v in {**module._parameters, **persistent}.items() if v is not None}


def after_saving(module: Any, destination: Any, prefix: str, metadata: dict[str, Any]) -> Any:
    """The state_dict as the hooks of `module` leave it."""
    for hook, public in tuple(module._state_dict_hooks.values()):
        result = hook(module, destination, prefix, metadata)
        if public and result is not None:
            raise RuntimeError("state_dict post-hook must return None")
        destination = destination if result is None else result
    return destination


def load(root: Any, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """Load `root` and all modules inside it; RuntimeError that lists everything that did not fit."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    metadata = getattr(state_dict, "_metadata", None) or {}
    missing: list[str] = []
    unexpected: list[str] = []
    errors: list[str] = []

    def visit(module: Any, entries: dict[str, Any], prefix: str) -> None:
        local = {**metadata.get(prefix[:-1], {}), "assign_to_params_buffers": assign}
        module._load_from_state_dict(entries, prefix, local, True, missing, unexpected, errors)
        for name, child in module._modules.items():
            if child is not None:
                start = f"{prefix}{name}."
                visit(child, {k: v for k, v in entries.items() if k.startswith(start)}, start)
        keys = IncompatibleKeys(missing, unexpected)
        for hook in tuple(module._load_state_dict_post_hooks.values()):
            if hook(module, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
                    "values, if incompatible_keys need to be modified, it should be done inplace."
                )

    visit(root, dict(state_dict), "")
    if strict:
        if unexpected:
            errors.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
        if missing:
            errors.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if errors:
        listed = "\n\t".join(errors)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(root).__name__}:\n\t{listed}")
    return IncompatibleKeys(missing, unexpected)


def load_own(
    module: Any,
    state_dict: dict[str, Any],
    prefix: str,
    metadata: dict[str, Any],
    missing: list[str],
    unexpected: list[str],
    errors: list[str],
    takes_extra: bool,
) -> None:
    """Copy the entries of `module` itself; append to the three lists what is wrong."""
    for hook in tuple(module._load_state_dict_pre_hooks.values()):
        hook(module, state_dict, prefix, metadata, True, missing, unexpected, errors)
    entries = own_entries(module)
    _load_extra(module, takes_extra, state_dict, prefix + EXTRA, missing, unexpected)
    for name, target in entries.items():
        key = prefix + name
        if key not in state_dict:
            missing.append(key)
            continue
        source = state_dict[key]
        if not isinstance(source, Tensor):
            errors.append(
                f'While copying the parameter named "{key}", expected Tensor or Tensor-like object from '
                f"checkpoint but received {type(source)}"
            )
        elif is_lazy(target) and is_lazy(source):
            continue
        elif source.shape != target.shape:
            errors.append(
                f"size mismatch for {key}: copying a param with shape {source.shape} from checkpoint, "
                f"the shape in current model is {target.shape}."
            )
        elif metadata.get("assign_to_params_buffers"):
            if isinstance(target, Parameter) and not isinstance(source, Parameter):
                source = Parameter(source, target.requires_grad)
            setattr(module, name, source)
        else:
            with no_grad():
                copy_(target, source)
    for key in state_dict:
        if key.startswith(prefix) and key != prefix + EXTRA:
            first, dot, _ = key[len(prefix) :].partition(".")
            if first not in (module._modules if dot else entries):
                unexpected.append(key)


def _load_extra(
    module: Any, takes: bool, state_dict: dict[str, Any], key: str, missing: list[str], unexpected: list[str]
) -> None:
    """Give a module that takes an extra state what its `get_extra_state` saved."""
    if takes and key in state_dict:
        module.set_extra_state(state_dict[key])
    elif takes or key in state_dict:
        (missing if takes else unexpected).append(key)


def _quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
