"""Worker processes of the DataLoader: PyTorch's streams, order, errors, and their end."""

import gc
import multiprocessing
import os
import random
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from torchvision_reference import reference

from minicnn.autograd.tensor import Tensor
from minicnn.functional.generator import Generator, default_generator
from minicnn.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, get_worker_info, workers

ROOT = Path(__file__).parents[1]


# --- at module level, so that worker processes can import them


class Numbers(Dataset):
    """Sample i is i."""

    def __init__(self, length):
        self.length = length

    def __getitem__(self, index):
        if not 0 <= index < self.length:
            raise IndexError(index)
        return index

    def __len__(self):
        return self.length


class Drawing(Numbers):
    """Samples from all three random streams of the process."""

    def __getitem__(self, index):
        return [random.random(), float(np.random.rand()), default_generator.random63() % 1000, index]


class TorchDrawing(Numbers):
    """The same with torch."""

    def __getitem__(self, index):
        import torch

        drawn = torch.empty((), dtype=torch.int64).random_().item()
        return [random.random(), float(np.random.rand()), drawn % 1000, index]


CHAIN = (
    "T.Compose([T.RandomCrop(8, 2), T.RandomRotation(30), T.ColorJitter(0.5, 0.5, 0.5, 0.2), "
    "T.RandomChoice([T.Pad(1), T.Pad(2)])])"
)


class Augmented(Numbers):
    """Sample i is a picture, changed at random by minicnn's transforms."""

    def transforms(self):
        from minicnn import transforms

        return transforms

    def __getitem__(self, index):
        from PIL import Image

        pixels = np.random.default_rng(index).integers(0, 256, (9, 10, 3), dtype=np.uint8)
        changed = np.asarray(eval(CHAIN, {"T": self.transforms()})(Image.fromarray(pixels)))
        return np.pad(changed, [(0, 12 - len(changed)), (0, 12 - len(changed)), (0, 0)])


class TheirAugmented(Augmented):
    """By torchvision's."""

    def transforms(self):
        return reference().transforms


class Picky(Numbers):
    def __getitem__(self, index):
        if index == 5:
            raise KeyError("five is not\nwelcome")
        return index


class Sized(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


class Awkward(Numbers):
    def __getitem__(self, index):
        if index == 2:
            raise Sized(1, 2)
        return lambda: 0


class Deadly(Numbers):
    def __getitem__(self, index):
        if index == 5:
            os._exit(3)
        return index


class Slow(Numbers):
    def __getitem__(self, index):
        time.sleep(30)


def worker_says_who(number):
    info = get_worker_info()
    assert (info.id, info.num_workers, len(info.dataset)) == (number, 2, 6)
    assert info.seed == default_generator.initial_seed()
    info.dataset.length += number


class Lengths(Numbers):
    def __getitem__(self, index):
        return self.length


class Shards(IterableDataset):
    """Worker 0 has 0 and 1, worker 1 has 100 ... 104."""

    def __iter__(self):
        info = get_worker_info()
        return iter(range(info.id * 100, info.id * 100 + 2 + 3 * info.id))


def plain(batch):
    return [column.tolist() for column in batch]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_workers_give_the_same_batches(number):
    data = TensorDataset(Tensor(np.random.rand(23, 4).astype(np.float32)), Tensor(np.arange(23)))
    passes = []
    for count in (0, number):
        default_generator.manual_seed(8)
        passes.append(list(DataLoader(data, 4, shuffle=True, num_workers=count)))
    for one, other in zip(*passes, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def seeded_pass(loader):
    default_generator.manual_seed(12)
    random.seed(1)
    np.random.seed(1)
    return [plain(batch) for batch in loader]


def test_worker_streams_are_torchs_and_repeatable():
    torch = pytest.importorskip("torch")
    theirs = torch.utils.data

    ours = seeded_pass(DataLoader(Drawing(7), 2, shuffle=True, num_workers=2))
    assert ours == seeded_pass(DataLoader(Drawing(7), 2, shuffle=True, num_workers=2))
    torch.manual_seed(12)
    loader = theirs.DataLoader(TorchDrawing(7), 2, shuffle=True, num_workers=2, multiprocessing_context="spawn")
    assert ours == [plain(batch) for batch in loader]


def test_random_transforms_in_workers_are_torchvisions():
    reference()
    import torch

    default_generator.manual_seed(12)
    ours = [batch.numpy() for batch in DataLoader(Augmented(7), 2, shuffle=True, num_workers=2)]
    torch.manual_seed(12)
    loader = torch.utils.data.DataLoader(
        TheirAugmented(7), 2, shuffle=True, num_workers=2, multiprocessing_context="spawn"
    )
    for batch, theirs in zip(ours, loader, strict=True):
        np.testing.assert_array_equal(batch, theirs.numpy())


def test_what_cannot_be_sent_is_loaded_here_with_the_same_numbers(capfd, monkeypatch):
    monkeypatch.setattr(workers, "_said", set())
    sent = seeded_pass(DataLoader(Drawing(7), 2, shuffle=True, num_workers=2))
    place = default_generator.random63(), random.random(), np.random.rand()

    class Hidden(Drawing):
        pass

    local = DataLoader(Hidden(7), 2, shuffle=True, num_workers=2)
    assert seeded_pass(local) == sent
    assert (default_generator.random63(), random.random(), np.random.rand()) == place
    assert get_worker_info() is None
    seeded_pass(local)
    said = capfd.readouterr().err
    assert said.count("cannot be sent to other processes") == 1
    assert "Hidden" in said


def test_iterable_data_sets_in_workers():
    batches = [b.tolist() for b in DataLoader(Shards(), 2, num_workers=2)]
    assert batches == [[0, 1], [100, 101], [102, 103], [104]]  # worker 0 is through after one batch
    local = [b.tolist() for b in DataLoader(Shards(), 2, num_workers=2, collate_fn=lambda s: Tensor(np.array(s)))]
    assert local == batches


def test_persistent_workers_go_on():
    loader = DataLoader(Drawing(6), 2, num_workers=2, persistent_workers=True)
    default_generator.manual_seed(0)
    first, second = [plain(b) for b in loader], [plain(b) for b in loader]
    assert first != second
    assert [b[3] for b in first] == [b[3] for b in second] == [[0, 1], [2, 3], [4, 5]]
    g = Generator()
    g.manual_seed(0)
    g.random63()
    assert g.random63() == default_generator.random63()  # one base seed for both passes
    next(iter(loader))  # broken off
    assert next(plain(b)[3] for b in loader) == [0, 1]
    children = multiprocessing.active_children()
    assert len(children) == 2
    del loader
    assert_no_workers_are_left()


def test_worker_init_fn_and_information():
    loader = DataLoader(Lengths(6), 3, num_workers=2, worker_init_fn=worker_says_who)
    assert [b.tolist() for b in loader] == [[6, 6, 6], [7, 7, 7]]


def test_an_error_in_a_worker_is_raised_here():
    loader = DataLoader(Picky(8), 2, num_workers=2)
    batches = iter(loader)
    assert [next(batches).tolist(), next(batches).tolist()] == [[0, 1], [2, 3]]
    with pytest.raises(KeyError) as caught:
        next(batches)
    assert next(batches).tolist() == [6, 7]  # as in PyTorch, the others can still be had
    text = str(caught.value)
    assert text.startswith("Caught KeyError in DataLoader worker process 0.\nOriginal Traceback")
    assert "in __getitem__" in text
    with pytest.raises(RuntimeError, match="Caught Sized in DataLoader worker process 1"):
        list(DataLoader(Awkward(4), 2, num_workers=2, sampler=[0, 1, 2, 3], collate_fn=len))
    with pytest.raises(RuntimeError, match="cannot send its batch back"):
        list(DataLoader(Awkward(1), 1, num_workers=1, collate_fn=collate_first))
    del caught, batches
    assert_no_workers_are_left()


def assert_no_workers_are_left():
    gc.collect()  # a caught exception's frames hold the iterator
    assert multiprocessing.active_children() == []


def collate_first(samples):
    return samples[0]


def test_a_dead_or_slow_worker_is_reported():
    with pytest.raises(RuntimeError, match=r"DataLoader worker \(pid \d+\) exited unexpectedly with exit code 3"):
        list(DataLoader(Deadly(8), 2, num_workers=1))
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.2 seconds"):
        list(DataLoader(Slow(2), 1, num_workers=1, timeout=0.2))
    loader = DataLoader(Deadly(8), 2, num_workers=1, persistent_workers=True)
    for _ in range(2):  # new workers after a death
        with pytest.raises(RuntimeError, match="exited unexpectedly"):
            list(loader)
    assert_no_workers_are_left()


def test_large_tasks_and_answers_do_not_block():
    loader = DataLoader(TensorDataset(Tensor(np.zeros((200_000, 2)))), 200_000, num_workers=1, sampler=range(200_000))
    assert [b[0].numpy().shape for b in loader] == [(200_000, 2)]
    many = DataLoader(Numbers(300_000), batch_sampler=[range(100_000)] * 6, num_workers=1, collate_fn=collate_list)
    assert sum(len(b) for b in many) == 600_000


def collate_list(samples):
    return samples


def run(tmp_path, script):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(script))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, env=environment)


def test_a_script_without_a_guard_works(tmp_path):
    """Course scripts have no `if __name__ == "__main__":`, so a new process must not run them."""
    done = run(
        tmp_path,
        """
        import numpy as np
        from minicnn.autograd.tensor import Tensor
        from minicnn.utils.data import DataLoader, Dataset, TensorDataset
        print("start")
        for batch in DataLoader(TensorDataset(Tensor(np.arange(4))), 2, num_workers=2):
            print(batch[0].tolist())
        class Own(Dataset):
            def __len__(self): return 2
            def __getitem__(self, i): return i
        for batch in DataLoader(Own(), 2, num_workers=2):
            print(batch.tolist())
        """,
    )
    assert done.stdout.split("\n")[:-1] == ["start", "[0, 1]", "[2, 3]", "[0, 1]"]
    assert done.stderr.count("minicnn: DataLoader(num_workers=2)") == 1
    assert "would run again" in done.stderr


def test_a_script_with_a_guard_sends_its_own_classes(tmp_path):
    done = run(
        tmp_path,
        """
        import os
        from minicnn.utils.data import DataLoader, Dataset
        class Own(Dataset):
            def __len__(self): return 2
            def __getitem__(self, i): return os.getpid()
        if __name__ == "__main__":
            pids = next(iter(DataLoader(Own(), 2, num_workers=1))).tolist()
            print(pids[0] == pids[1] != os.getpid())
        """,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")
