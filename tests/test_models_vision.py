"""torchvision's networks: the same layers, numbers from the same seed, scores and gradients as torchvision's own."""

import inspect
import subprocess
import sys
import warnings

import numpy as np
import pytest
from torchvision_reference import reference

import minicnn
from minicnn import nn
from minicnn.functional import sampling
from minicnn.models import vision

NAMES = vision.list_models()
SMALL = {  # the least image that the network takes, or a little more
    "alexnet": 63, "googlenet": 64, "squeezenet1_0": 33, "squeezenet1_1": 33,
}  # fmt: skip
HUGE = {name for name in NAMES if name.startswith(("vgg", "wide", "resnext101", "resnet152"))} - {"vgg11_bn"}
SLOW = {"vgg11_bn", "alexnet", "resnet101", "densenet161", "densenet169", "densenet201", "googlenet"}


def marked(names):
    return [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in names]


def both(name, seed=3, **options):
    """The network of both libraries, from the same seed."""
    torchvision = reference()
    import torch

    if name == "googlenet":
        options.setdefault("init_weights", False)
    torch.manual_seed(seed)
    theirs = torchvision.models.get_model(name, **options)
    minicnn.manual_seed(seed)
    return theirs, vision.get_model(name, **options)


def bits(tensor):
    return tensor.detach().numpy().view(np.uint8)


def assert_alike(theirs, ours):
    """The same layers, in print, the same names, and the same bits."""
    assert repr(ours) == repr(theirs)
    expected, got = theirs.state_dict(), ours.state_dict()
    assert list(got) == list(expected)
    for name, values in expected.items():
        assert got[name].shape == tuple(values.shape), name
        assert np.array_equal(bits(got[name].reshape(-1)), bits(values.reshape(-1))), name


def assert_near(got, expected, what=""):
    got, expected = got.detach().numpy(), expected.detach().numpy()
    assert got.shape == expected.shape
    # the norms of three 1x1 images divide small numbers by small ones: in float32 nothing could be compared
    assert np.abs(got - expected).max() <= 1e-7 * max(np.abs(expected).max(), 1e-3), what


@pytest.mark.parametrize("name", sorted(HUGE))
def test_the_same_layers_and_shapes(name, monkeypatch):
    """A hundred million random numbers take their time; the smaller relatives draw theirs, and are run."""
    torchvision = reference()
    import torch

    with torch.device("meta"):
        theirs = torchvision.models.get_model(name)
    for draw in ("uniform_", "normal_"):
        monkeypatch.setattr(sampling, draw, lambda tensor, *options, **more: tensor)
    ours = vision.get_model(name)
    assert repr(ours) == repr(theirs)
    shapes = {key: tuple(values.shape) for key, values in theirs.state_dict().items()}
    assert [(key, values.shape) for key, values in ours.state_dict().items()] == list(shapes.items())


@pytest.mark.parametrize("name", marked([name for name in NAMES if name not in HUGE]))
def test_the_same_layers_numbers_scores_and_gradients(name):
    theirs, ours = both(name, num_classes=7)
    assert_alike(theirs, ours)
    import torch

    theirs, ours = theirs.double(), ours.double()
    size = SMALL.get(name, 32)
    images = np.random.default_rng(4).normal(size=(3, 3, size, size))
    labels = np.array([0, 6, 2])
    torch.manual_seed(5)
    minicnn.manual_seed(5)
    with minicnn.kernels.use("numpy"):
        expected, got = theirs(torch.from_numpy(images)), ours(minicnn.from_numpy(images))
        if name == "googlenet":
            assert type(got).__name__ == type(expected).__name__
            assert got._fields == expected._fields
            expected, got = (sum(scores) for scores in (expected, got))
        assert_near(got, expected)
        torch.nn.functional.cross_entropy(expected, torch.from_numpy(labels)).backward()
        nn.functional.cross_entropy(got, minicnn.from_numpy(labels)).backward()
        for (key, parameter), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            assert_near(parameter.grad, other.grad, key)
        for (key, buffer), other in zip(ours.named_buffers(), theirs.buffers(), strict=True):
            assert_near(buffer.double(), other.double(), key)
        with minicnn.no_grad(), torch.no_grad():
            assert_near(ours.eval()(minicnn.from_numpy(images)), theirs.eval()(torch.from_numpy(images)))


OPTIONS = {
    "resnet18": [
        {"zero_init_residual": True},
        {"norm_layer": lambda nn: lambda channels: nn.GroupNorm(8, channels)},
    ],
    "resnet50": [{"replace_stride_with_dilation": [False, True, True], "width_per_group": 32, "groups": 2}],
    "mobilenet_v2": [{"width_mult": 0.35, "dropout": 0.5}, {"inverted_residual_setting": [[1, 8, 1, 1], [2, 8, 2, 2]]}],
    "squeezenet1_1": [{"dropout": 0.1}],
    "googlenet": [{"init_weights": True, "transform_input": True, "aux_logits": False, "num_classes": 3}],
}


@pytest.mark.parametrize(("name", "options"), [(name, row) for name, rows in OPTIONS.items() for row in rows])
def test_options(name, options):
    torchvision = reference()
    import torch

    asks_for_nn = {key for key, value in options.items() if callable(value)}
    torch.manual_seed(1)
    theirs = getattr(torchvision.models, name)(
        **{key: value(torch.nn) if key in asks_for_nn else value for key, value in options.items()}
    )
    minicnn.manual_seed(1)
    ours = getattr(vision, name)(**{key: value(nn) if key in asks_for_nn else value for key, value in options.items()})
    assert_alike(theirs, ours)
    images = np.random.default_rng(0).normal(size=(2, 3, 33, 33))
    with minicnn.no_grad(), torch.no_grad(), minicnn.kernels.use("numpy"):
        got = ours.double().eval()(minicnn.from_numpy(images))
        assert_near(got, theirs.double().eval()(torch.from_numpy(images)))


def test_classes_can_be_used_without_the_functions():
    torchvision = reference()
    import torch

    torch.manual_seed(2)
    theirs = torchvision.models.resnet.ResNet(torchvision.models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=10)
    minicnn.manual_seed(2)
    ours = vision.resnet.ResNet(vision.resnet.BasicBlock, [1, 1, 1, 1], num_classes=10)
    assert_alike(theirs, ours)
    torch.manual_seed(2)
    theirs = torchvision.models.vgg.make_layers([8, "M", 16], batch_norm=True)
    minicnn.manual_seed(2)
    assert_alike(theirs, vision.vgg.make_layers([8, "M", 16], batch_norm=True))
    assert vision.vgg.cfgs == torchvision.models.vgg.cfgs


def test_a_file_of_torchvision_is_loaded(tmp_path):
    torchvision = reference()
    import torch

    theirs = torchvision.models.resnet18(num_classes=10)
    torch.save(theirs.state_dict(), tmp_path / "resnet18.pth")
    ours = vision.resnet18(num_classes=10)
    assert str(ours.load_state_dict(minicnn.load(tmp_path / "resnet18.pth"))) == "<All keys matched successfully>"
    assert_alike(theirs, ours)


def test_densenet_takes_the_names_of_its_old_files():
    build = {"growth_rate": 4, "block_config": (2, 1), "num_init_features": 8, "num_classes": 2}
    source, target = vision.DenseNet(**build), vision.DenseNet(**build)
    old = {}
    for key, value in source.state_dict().items():
        for name in ("norm", "conv"):
            for number in "12":
                if "denselayer" in key:
                    key = key.replace(f"{name}{number}.", f"{name}.{number}.")
        old[key] = value
    assert any("norm.1." in key for key in old)
    target.load_state_dict(old)
    for key, value in source.state_dict().items():
        assert minicnn.equal(target.state_dict()[key], value), key


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"weights": "IMAGENET1K_V1"}, "`weights`='IMAGENET1K_V1' asks"),
        ({"weights": True}, "`weights`=True asks"),
        ({"pretrained": True}, "`pretrained`=True asks"),
    ],
)
def test_weights_are_not_downloaded(asked, told):
    with pytest.raises(NotImplementedError) as caught:
        vision.resnet18(**asked)
    assert told in str(caught.value)
    assert 'model = resnet18(); model.load_state_dict(minicnn.load("resnet18.pth"))' in str(caught.value)
    with pytest.raises(NotImplementedError):
        vision.get_model("resnet18", **asked)


def told(build):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        build()
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize(
    "call",
    [
        lambda models: models.squeezenet1_1(pretrained=False),
        lambda models: models.squeezenet1_1(False),
        lambda models: models.squeezenet1_1(None, False),
        lambda models: models.squeezenet1_1(weights=None, progress=False),
        lambda models: models.squeezenet1_1(weights=False),
    ],
)
def test_the_old_ways_of_asking_for_none_warn(call):
    assert told(lambda: call(vision)) == told(lambda: call(reference().models))


def test_models_by_name():
    torchvision = reference()
    assert set(NAMES) <= set(torchvision.models.list_models())
    assert vision.list_models(vision) == NAMES
    assert vision.list_models(nn) == []
    assert vision.list_models(include="*net", exclude="google*") == ["alexnet"]
    assert vision.list_models(include=["vgg1?", "alex*"], exclude=["vgg16"]) == ["alexnet", "vgg11", "vgg13", "vgg19"]
    assert vision.get_model_builder("ResNet18") is vision.resnet18
    with pytest.raises(ValueError, match="Unknown model resnet_18; did you mean 'resnet18'"):
        vision.get_model("resnet_18")


@pytest.mark.parametrize(
    ("error", "text", "call"),
    [
        (TypeError, "did you mean 'num_classes'", lambda: vision.resnet18(num_clases=10)),
        (TypeError, "takes keyword arguments .* got 3 without a name", lambda: vision.resnet18(None, True, 10)),
        (ValueError, "'groups' expected value 32 but got 4", lambda: vision.resnext50_32x4d(groups=4)),
        (ValueError, "'width_per_group' expected value 128", lambda: vision.wide_resnet50_2(width_per_group=64)),
        (ValueError, "only supports groups=1 and base_width=64, got groups=2", lambda: vision.resnet18(groups=2)),
        (ValueError, r"3-element tuple, got \[True\]", lambda: vision.resnet50(replace_stride_with_dilation=[True])),
        (
            NotImplementedError,
            "not supported in BasicBlock, got 2",
            lambda: vision.resnet18(replace_stride_with_dilation=[False, False, True]),
        ),
        (ValueError, "version 2_0: 1_0 or 1_1 expected", lambda: vision.SqueezeNet("2_0")),
        (ValueError, r"4-element list, got \[\]", lambda: vision.mobilenet_v2(inverted_residual_setting=[])),
        (ValueError, "1 or 2 instead of 3", lambda: vision.mobilenetv2.InvertedResidual(8, 8, 3, 1)),
        (ValueError, "3 instead of 1", lambda: vision.googlenet(blocks=[nn.Conv2d], init_weights=False)),
        (ValueError, r"3 positive ints, got \[1\]", lambda: vision.ShuffleNetV2([1], [1, 2, 3, 4, 5])),
        (ValueError, r"5 positive ints, got \[1\]", lambda: vision.ShuffleNetV2([1, 1, 1], [1])),
        (ValueError, "illegal stride value.* got 4", lambda: vision.shufflenetv2.InvertedResidual(8, 8, 4)),
        (ValueError, "stride 1, inp 4 and oup 8", lambda: vision.shufflenetv2.InvertedResidual(4, 8, 1)),
    ],
)  # fmt: skip
def test_what_is_refused(error, text, call):
    with pytest.raises(error, match=text):
        call()


def test_googlenet_warns_of_its_initialisation():
    with pytest.warns(FutureWarning, match="please set init_weights=True"):
        vision.GoogLeNet(num_classes=2, aux_logits=False)


def test_signatures_are_torchvisions():
    models = reference().models
    for name in NAMES:
        ours, theirs = inspect.signature(getattr(vision, name)), inspect.signature(getattr(models, name))
        assert list(ours.parameters) == list(theirs.parameters), name
        assert [p.kind for p in ours.parameters.values()] == [p.kind for p in theirs.parameters.values()], name
    for kind in ("AlexNet", "VGG", "ResNet", "SqueezeNet", "MobileNetV2", "DenseNet", "GoogLeNet", "ShuffleNetV2"):
        ours, theirs = (
            [(p.name, getattr(p.default, "__name__", p.default)) for p in inspect.signature(found).parameters.values()]
            for found in (getattr(vision, kind), getattr(models, kind))
        )
        assert ours == theirs, kind


def test_every_network_has_the_papers_number_of_parameters():
    said = {
        name: int(found.replace(",", ""))
        for name in NAMES
        for found in [*(getattr(vision, name).__doc__ or "").split("; ")[-1:]]
        for found in [found.partition(" parameters")[0]]
        if found.replace(",", "").isdigit()
    }
    assert len(said) > 20
    torchvision = reference()
    for name, count in said.items():
        assert count == torchvision.models.get_model_weights(name).DEFAULT.meta["num_params"], name


def test_it_is_loaded_at_its_first_use():
    code = """
import sys, minicnn
print("minicnn.models.vision" in sys.modules, minicnn.models.vision.alexnet.__name__)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False alexnet\n", done.stderr
