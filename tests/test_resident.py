"""Training data on a GPU, real or simulated: the same batches as on the CPU, and nothing waits between them."""

import numpy as np
import pytest

import minicnn
from minicnn import backend, kernels, nn, optim
from minicnn.training import loop
from minicnn.training.data import ImageArray
from minicnn.training.loop import LOOK, DivergedError, Trainer
from minicnn.training.resident import Resident
from minicnn.transforms import Compose, Normalize, Pad, RandomCrop, RandomHorizontalFlip, ToTensor
from minicnn.utils.data import DataLoader

if (reason := backend.why_no_gpu()) is not None:
    pytest.skip(reason, allow_module_level=True)

import cupy

COUNT = 45


def data(shape=(8, 8), **options):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, COUNT)
    images = (60 * labels.reshape(-1, *(1,) * len(shape)) + rng.integers(0, 60, (COUNT, *shape))).astype(np.uint8)
    return ImageArray(images, labels, **options)


def loaders(shuffle=True, place="cuda", **options):
    loader = DataLoader(data(**options), 10, shuffle=shuffle)
    return Resident(loader, place) if place == "cuda" else loader


def pairs(loader):
    """Images and labels of a pass, as NumPy arrays."""
    minicnn.manual_seed(3)
    if isinstance(loader, Resident):
        return [tuple(part.cpu().numpy() for part in loader.batch(chosen)) for chosen in loader]
    return [(x.numpy(), y.numpy()) for x, y in loader]


def check_same_batches(a, b):
    assert len(a) == len(b) == 5
    for (x, y), (other_x, other_y) in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, other_x)
        np.testing.assert_array_equal(y, other_y)


@pytest.mark.parametrize("options", [{}, {"frame": 2}, {"normalize": (0.1, 0.3)}, {"shape": (8, 8, 3)}], ids=str)
def test_batches_are_those_of_the_cpu(options):
    with kernels.use("numpy"):
        expected = pairs(loaders(place="cpu", **options))
    check_same_batches(pairs(loaders(**options)), expected)


@pytest.mark.parametrize("options", [{"shift": 2}, {"shift": 1, "frame": 2, "shape": (8, 8, 3)}], ids=str)
def test_shifts_of_the_host_are_those_of_the_cpu(options):
    with kernels.use("numpy"):
        expected = pairs(loaders(place="cpu", **options))
    with minicnn.cuda.random.use("host"):
        check_same_batches(pairs(loaders(**options)), expected)


def test_shifts_of_the_gpu_are_shifts():
    """Each image is one of the 25 that a shift by up to two pixels gives, and most of those come."""
    loader = loaders(shuffle=False, shift=2)
    images = np.pad(loader.dataset.images, ((0, 0), (2, 2), (2, 2)))
    seen = set()
    for _ in range(3):
        for number, x in enumerate(x for batch in pairs_of_now(loader) for x in batch):
            windows = {
                (i, j): images[number, i : i + 8, j : j + 8] for i in range(5) for j in range(5)
            }  # fmt: skip
            found = [place for place, window in windows.items() if np.array_equal(np.float32(window) / 255, x[0])]
            assert len(found) == 1
            seen.update(found)
    assert len(seen) > 20


def pairs_of_now(loader):
    return [loader.batch(chosen)[0].cpu().numpy() for chosen in loader]


def test_mirror_images_and_wide_frames_are_drawn_on_the_gpu():
    """The window of a mirrored image within a frame that is wider on the left."""
    set_of = data()
    set_of.transform = Compose([RandomHorizontalFlip(0.5), Pad((3, 0, 1, 0)), RandomCrop((8, 9)), ToTensor()])
    loader = Resident(DataLoader(set_of, 10), "cuda")
    kinds = set()
    for number, x in enumerate(x for batch in pairs_of_now(loader) for x in batch):
        for mirrored in (False, True):
            image = set_of.images[number][:, :: -1 if mirrored else 1]
            framed = np.pad(image, ((0, 0), (3, 1)))
            kinds |= {
                (mirrored, j) for j in range(4) if np.array_equal(np.float32(framed[:, j : j + 9]) / 255, x[0])
            }  # fmt: skip
    assert len(kinds) == 8


def test_moves_that_a_gpu_does_not_draw_come_from_the_host():
    set_of = data()
    flips = [RandomHorizontalFlip(0.5), RandomHorizontalFlip(0.5)]
    set_of.transform = Compose([*flips, ToTensor(), Normalize((0.5,), (0.5,))])
    loader = DataLoader(set_of, 10)
    with kernels.use("numpy"):
        expected = pairs(loader)
    check_same_batches(pairs(Resident(loader, "cuda")), expected)


# --- the loop -----------------------------------------------------------------------------------------


def trainer(place, epochs=2, lr=0.01, **options):
    minicnn.manual_seed(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3)).to(place)
    return Trainer(
        model, optim.Adam(model.parameters(), lr=lr), None, loaders(place=place, **options),
        loaders(shuffle=False, place=place), epochs, place,
    )  # fmt: skip


def run(made, on_batch=lambda totals: None):
    made.run(on_batch, lambda epoch: None)
    return made


def numbers(made):
    return [(e.train_loss, e.train_accuracy, e.validation_loss, e.validation_accuracy) for e in made.history]


def test_training_is_that_of_the_cpu():
    with kernels.use("numpy"):
        expected = run(trainer("cpu", shift=1))
    with minicnn.cuda.random.use("host"):
        found = run(trainer("cuda", shift=1))
    np.testing.assert_allclose(numbers(found), numbers(expected), rtol=1e-3)
    assert [e.train_accuracy for e in found.history] == [e.train_accuracy for e in expected.history]


def test_nobody_waits_for_the_gpu_within_an_epoch(monkeypatch):
    """The numbers are looked at once an epoch (or every so many batches), and the steps are graphs."""
    if not hasattr(cupy, "_streams"):
        pytest.skip("a real GPU does not tell who waits for it")
    made = run(trainer("cuda", shift=1))  # everything is loaded
    reads = []
    plain = cupy.ndarray.get
    monkeypatch.setattr(cupy.ndarray, "get", lambda *args, **options: reads.append(1) or plain(*args, **options))
    seen = []
    made.epochs = 4
    run(made, on_batch=lambda totals: seen.append((totals.batches, len(reads))))
    assert len(made.train) < LOOK
    first, *_ = seen
    assert [batch for batch, _ in seen[:5]] == [1, 2, 3, 4, 5]
    assert {count for _, count in seen[2:5]} == {seen[2][1]}, "somebody read an array of the GPU"
    assert first[0] == 1


def test_a_step_is_one_graph_of_kernels_alone(monkeypatch):
    """Nothing of CuPy's own between them: no copy of a gradient, no sum."""
    steps = []
    monkeypatch.setattr(loop, "compile", lambda function: steps.append(minicnn.compile(function)) or steps[-1])
    run(trainer("cuda", epochs=1, shift=1))
    replay = steps[0].steps[0]._replay
    kinds = [type(entry).__name__ for entry in replay.entries]
    assert set(kinds) == {"Host", "KernelCall", "Forward"}
    assert [entry.cls.__name__ for entry in replay.entries if hasattr(entry, "cls")] == ["IndexSelect"], "of labels"
    assert kinds[0] == "Host"
    assert kinds.count("Host") == 1
    assert len(replay.way._calls) == 2


def test_an_evaluation_is_replayed_and_sees_the_network_of_the_moment(monkeypatch):
    """Its figures, with a confusion matrix and without, are those of plain calls; its batches are graphs."""
    steps = []
    monkeypatch.setattr(loop, "compile", lambda function: steps.append(minicnn.compile(function)) or steps[-1])
    made = run(trainer("cuda", epochs=4, shift=1))
    _, evaluation = steps
    ways = [step._replay.way for step in evaluation.steps]
    assert {way._inputs[0].shape for way in ways} == {(10,), (5,)}, "whole batches, and the last one"
    assert [len(way._calls) for way in ways] == [1, 1], "a graph each"
    assert made.model.training is False
    monkeypatch.setattr(loop, "compile", lambda function: function)
    plain = trainer("cuda", shift=1)
    plain.restore(made.checkpoint({}))
    expected, counts = np.zeros((2, 3, 3), np.int64)
    totals = plain.evaluate(expected)
    assert made.evaluate() == made.evaluate(counts) == totals
    assert (totals.mean_loss, totals.accuracy) == numbers(made)[-1][2:]
    np.testing.assert_array_equal(counts, expected)
    assert counts.sum() == COUNT


def test_a_run_that_was_stopped_goes_on_to_the_same_bits():
    whole = run(trainer("cuda", shift=1))

    class Stop(Exception):
        pass

    def stop(totals):
        if totals.batches == 3 and len(part.history) == 1:
            raise Stop

    part = trainer("cuda", shift=1)
    with pytest.raises(Stop):
        run(part, stop)
    saved = part.checkpoint({})
    assert {"now", "epoch_start", "cuda:0"} <= saved.random_state.keys()
    minicnn.manual_seed(99)
    rest = trainer("cuda", shift=1)
    minicnn.cuda.manual_seed_all(98)
    rest.restore(saved)
    run(rest)
    assert numbers(rest) == numbers(whole)
    for a, b in zip(rest.model.parameters(), whole.model.parameters(), strict=True):
        assert a.tolist() == b.tolist()


def test_a_loss_that_is_no_number_is_noticed():
    made = trainer("cuda")
    with minicnn.no_grad():
        made.model[1].weight.fill_(float("nan"))
    with pytest.raises(DivergedError, match=r"the loss is nan in epoch 1, batch 5: the learning rate"):
        run(made)
