"""Whole samples: the image in (image, label), or in a dict of them, is changed, and all else passed on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from minicnn.autograd.tensor import Tensor
from minicnn.nn.module import Module
from minicnn.transforms.image import is_pil

T = TypeVar("T", bound=type)


def on_image(change: Callable[[Any], Any], inputs: tuple[Any, ...]) -> Any:
    """The sample `inputs` (or the only one of them) with its image changed: the PIL image in it, or the first tensor.

    TypeError where there is no image, NotImplementedError where there are several PIL images.

    >>> on_image(lambda image: image * 2, ({"image": Tensor([1.0, 2.0]), "label": 3},))
    {'image': tensor([2., 4.]), 'label': 3}
    """
    sample = inputs if len(inputs) > 1 else inputs[0]
    if is_pil(sample) or isinstance(sample, Tensor):
        return change(sample)
    found = list(leaves(sample))
    images = [leaf for leaf in found if is_pil(leaf)] or [leaf for leaf in found if isinstance(leaf, Tensor)][:1]
    if not images:
        raise TypeError(f"Found no image in the sample, expected a PIL image or a Tensor, got {type(sample).__name__}")
    if len(images) > 1:
        raise NotImplementedError(f"the sample has {len(images)} PIL images, expected one: transform them one by one")
    return rebuilt(sample, images[0], change(images[0]))


def leaves(sample: Any) -> Any:
    """What the tuples, lists and dicts of a sample hold."""
    if isinstance(sample, tuple | list):
        for item in sample:
            yield from leaves(item)
    elif isinstance(sample, dict):
        for item in sample.values():
            yield from leaves(item)
    else:
        yield sample


def rebuilt(sample: Any, old: Any, new: Any) -> Any:
    """The sample with `new` in the place of `old`."""
    if sample is old:
        return new
    if isinstance(sample, tuple) and hasattr(sample, "_fields"):
        return type(sample)(*(rebuilt(item, old, new) for item in sample))
    if isinstance(sample, tuple | list):
        return type(sample)(rebuilt(item, old, new) for item in sample)
    if isinstance(sample, dict):
        return type(sample)((key, rebuilt(item, old, new)) for key, item in sample.items())
    return sample


class Transform(Module):
    """A transform of one's own: `transform(inpt, params)` changes the image, `make_params(images)` draws for it."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """What is drawn for a sample; nothing unless redefined."""
        return {}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The changed image. NotImplementedError unless redefined."""
        raise NotImplementedError(f"{type(self).__name__} lacks `transform(inpt, params)`")

    def forward(self, *inputs: Any) -> Any:
        return on_image(lambda image: self.transform(image, self.make_params([image])), inputs)


def of_samples(kind: T) -> T:
    """The transform `kind` for whole samples; its class has the same name, in torchvision.transforms.v2's place."""
    method = "forward" if issubclass(kind, Module) else "__call__"
    inner = getattr(kind, method)

    def call(self: Any, *inputs: Any) -> Any:
        return on_image(lambda image: inner(self, image), inputs)

    told = (kind.__doc__ or "").partition("\n\n    >>>")[0]  # the example is of the older class
    space = {method: call, "__doc__": told, "__module__": "minicnn.transforms.v2"}
    return type(kind.__name__, (kind,), space)  # type: ignore[return-value]
