"""DataLoader: PyTorch's orders and draws, data sets, batches, arguments. test_workers.py has the workers."""

import collections

import numpy as np
import pytest

import minicnn
from minicnn.autograd.tensor import Tensor
from minicnn.functional.generator import Generator, default_generator
from minicnn.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
    random_split,
)


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


class Shards(IterableDataset):
    """0 ... n-1."""

    def __init__(self, length):
        self.length = length

    def __iter__(self):
        return iter(range(self.length))

    def __len__(self):
        return self.length


# --- the same orders as torch


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def both(torch, seed):
    torch.manual_seed(seed)
    default_generator.manual_seed(seed)


def same_place(torch):
    """Whether torch and minicnn have drawn equally much."""
    return torch.empty((), dtype=torch.int64).random_().item() == default_generator.random63()


GOLDEN = [[[0, 4, 3, 5], [2, 1]], [[2, 3, 1, 5], [4, 0]]]
LOADERS = [
    {"batch_size": 4, "shuffle": True},
    {"batch_size": 5, "shuffle": True},
    {"batch_size": 4, "shuffle": True, "drop_last": True},
    {"batch_size": 4},
    {"batch_size": None, "shuffle": True},
    {"batch_size": 20, "shuffle": True},
]


@pytest.mark.parametrize("options", LOADERS)
@pytest.mark.parametrize("with_generator", [False, True])
@pytest.mark.parametrize("breaks", [False, True])
def test_order_and_draws_are_torchs(torch, options, with_generator, breaks):
    import torch.utils.data as theirs

    both(torch, 42)
    own, their_own = Generator(), torch.Generator()
    own.manual_seed(5)
    their_own.manual_seed(5)
    ours = DataLoader(Numbers(11), **options, **({"generator": own} if with_generator else {}))
    other = theirs.DataLoader(range(11), **options, **({"generator": their_own} if with_generator else {}))
    assert len(ours) == len(other)
    for _ in range(3):
        for a, b in zip(ours, other, strict=not breaks):
            assert np.asarray(a).tolist() == (b.tolist() if hasattr(b, "tolist") else b)
            if breaks:
                break
        assert same_place(torch)
        assert torch.empty((), dtype=torch.int64).random_(generator=their_own).item() == own.random63()


SAMPLERS = [
    ("RandomSampler", (range(10),), {}),
    ("RandomSampler", (range(10),), {"num_samples": 25}),
    ("RandomSampler", (range(10),), {"replacement": True, "num_samples": 70}),
    ("SubsetRandomSampler", ([3, 1, 4, 15, 9],), {}),
    ("SequentialSampler", (range(4),), {}),
    ("WeightedRandomSampler", ([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 50), {}),
    ("WeightedRandomSampler", ([3, 0, 1, 2], 3), {"replacement": False}),
    ("WeightedRandomSampler", (np.array([0.2, 0.3], np.float32), 1), {}),
    ("WeightedRandomSampler", (range(1, 4000), 4000), {}),
]


@pytest.mark.parametrize(("name", "arguments", "options"), SAMPLERS)
@pytest.mark.parametrize("with_generator", [False, True])
def test_samplers_are_torchs(torch, name, arguments, options, with_generator):
    import torch.utils.data as theirs

    both(torch, 3)
    own, their_own = Generator(), torch.Generator()
    own.manual_seed(9)
    their_own.manual_seed(9)
    kinds = (RandomSampler, SubsetRandomSampler, WeightedRandomSampler, SequentialSampler)
    kind = {kind.__name__: kind for kind in kinds}[name]
    use = with_generator and kind is not SequentialSampler
    ours = kind(*arguments, **options, **({"generator": own} if use else {}))
    other = getattr(theirs, name)(*arguments, **options, **({"generator": their_own} if use else {}))
    assert len(ours) == len(other)
    for _ in range(2):
        assert list(ours) == list(other)
    assert same_place(torch)
    assert torch.empty((), dtype=torch.int64).random_(generator=their_own).item() == own.random63()


@pytest.mark.parametrize("lengths", [[3, 7, 1], [0.5, 0.3, 0.2], [0.9, 0.1]])
def test_random_split_is_torchs(torch, lengths):
    import torch.utils.data as theirs

    both(torch, 1)
    pairs = list(zip(random_split(range(11), lengths), theirs.random_split(range(11), lengths), strict=True))
    assert [list(a.indices) for a, _ in pairs] == [list(b.indices) for _, b in pairs]
    assert same_place(torch)
    g = Generator()
    g.manual_seed(4)
    want = theirs.random_split(range(11), lengths, generator=torch.Generator().manual_seed(4))
    assert [p.indices for p in random_split(range(11), lengths, generator=g)] == [p.indices for p in want]


def test_golden_order():
    """What torch gives after torch.manual_seed(0), for machines without it."""
    default_generator.manual_seed(0)
    loader = DataLoader(Numbers(6), batch_size=4, shuffle=True)
    assert [[batch.tolist() for batch in loader] for _ in range(2)] == GOLDEN


# --- data sets and samplers


def test_subset_concat_and_split():
    a, b = Numbers(3), Numbers(4)
    both = a + b
    assert isinstance(both, ConcatDataset)
    assert [both[i] for i in range(7)] == [0, 1, 2, 0, 1, 2, 3]
    assert both[-1] == 3
    with pytest.raises(IndexError, match=r"`index` is 7, expected -7 \.\.\. 6"):
        both[7]
    with pytest.raises(ValueError, match="absolute value of index"):
        both[-8]
    with pytest.raises(AssertionError, match="empty"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="IterableDataset"):
        ConcatDataset([Shards(3)])
    assert [b.tolist() for b in DataLoader(Subset(both, [6, 0, 3]), batch_size=3)] == [[3, 0, 0]]
    with pytest.raises(ValueError, match=r"`lengths` \[1, 2\] sum to 3, the dataset has 7 samples"):
        random_split(both, [1, 2])
    with pytest.raises(ValueError, match="Fraction at index 0 is not between 0 and 1"):
        random_split(both, [1.5, -0.5])
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        random_split(range(1), [0.6, 0.4])
    with pytest.raises(NotImplementedError, match="has no `__iter__`"):
        iter(Sampler())
    with pytest.raises(NotImplementedError, match="has no `__getitem__`"):
        Dataset()[0]


def test_stacked_data_sets():
    squares, letters = [0, 1, 4], "abc"

    class Many(Numbers):
        def __getitems__(self, indices):
            return [10 * i for i in indices][:2]

    stacked = StackDataset(squares, letters)
    assert (len(stacked), stacked[2]) == (3, (4, "c"))
    batches = [(numbers.tolist(), texts) for numbers, texts in DataLoader(stacked, 2)]
    assert batches == [([0, 1], ["a", "b"]), ([4], ["c"])]
    named = StackDataset(number=Many(3), letter=letters)
    assert named[1] == {"number": 1, "letter": "b"}
    batch = next(iter(DataLoader(named, 2, shuffle=False)))
    assert (batch["number"].tolist(), batch["letter"]) == ([0, 10], ["a", "b"])
    with pytest.raises(ValueError, match="Expected 3, got 2"):
        next(iter(DataLoader(named, 3)))
    with pytest.raises(ValueError, match=r"their lengths are \[3, 2\]"):
        StackDataset(squares, "ab")
    with pytest.raises(ValueError, match="At least one dataset"):
        StackDataset()
    with pytest.raises(ValueError, match="not both ways"):
        StackDataset(squares, letters=letters)


def test_chained_data_sets():
    chained = Shards(2) + Shards(3)
    assert isinstance(chained, ChainDataset)
    assert (len(chained), list(chained)) == (5, [0, 1, 0, 1, 2])
    assert [b.tolist() for b in DataLoader(chained, 4)] == [[0, 1, 0, 1], [2]]
    for use in (list, len):
        with pytest.raises(AssertionError, match="only supports IterableDataset, got Numbers"):
            use(ChainDataset([Shards(1), Numbers(2)]))


def test_tensor_dataset_gives_batches_at_once(monkeypatch):
    x = np.arange(40, dtype=np.float32).reshape(10, 2, 2)
    data = TensorDataset(Tensor(x), Tensor(np.arange(10)))
    assert len(data) == 10
    np.testing.assert_array_equal(data[3][0].numpy(), x[3])
    loader = DataLoader(data, batch_size=4)
    for given in (data, Subset(data, range(10)), Subset(Subset(data, range(10)), range(10))):
        loader = DataLoader(given, batch_size=4)
        with monkeypatch.context() as patched:
            patched.setattr(TensorDataset, "__getitem__", None)  # nobody asks for single samples
            batches = list(loader)
        slow = list(DataLoader(given, batch_size=4, collate_fn=lambda samples: default_collate(samples)))
        for one, other in zip(batches, slow, strict=True):
            assert type(one) is type(other) is list
            for a, b in zip(one, other, strict=True):
                np.testing.assert_array_equal(a.numpy(), b.numpy())
                assert a.numpy().dtype == b.numpy().dtype
    batches[0][0].numpy()[:] = 0  # a batch is a copy
    assert x[1, 0, 0] == 4
    with pytest.raises(AssertionError, match=r"first lengths are \[10, 3\]"):
        TensorDataset(Tensor(x), Tensor(np.arange(3)))
    with pytest.raises(TypeError, match="`tensors` must be Tensors, got ndarray"):
        TensorDataset(np.arange(3))


def test_a_subclass_that_changes_samples_is_asked_for_them():
    class Doubled(TensorDataset):
        def __getitem__(self, index):
            return super().__getitem__(index)[0].numpy() * 2

    data = Doubled(Tensor(np.arange(4)))
    assert next(iter(DataLoader(data, batch_size=4))).tolist() == [0, 2, 4, 6]
    assert next(iter(DataLoader(Subset(data, [3, 1]), batch_size=2))).tolist() == [6, 2]

    class Shifted(Subset):
        def __getitem__(self, index):
            return super().__getitem__(index) + 100

    with pytest.raises(NotImplementedError, match="Shifted overrides __getitem__ but not __getitems__"):
        Shifted(Numbers(4), [3, 1])
    Shifted.__getitems__ = lambda self, indices: [self[i] for i in indices]

    assert next(iter(DataLoader(Shifted(Numbers(4), [3, 1]), batch_size=2))).tolist() == [103, 101]


def test_getitems_is_used():
    class Many(Numbers):
        def __getitems__(self, indices):
            return [10 * i for i in indices]

    assert [b.tolist() for b in DataLoader(Many(3), batch_size=2)] == [[0, 10], [20]]
    assert next(iter(DataLoader(Subset(Many(3), [2, 1]), batch_size=2))).tolist() == [20, 10]


# --- collating


Point = collections.namedtuple("Point", "x y")


def plain(value):
    """Tensors as (dtype, list), everything else entered."""
    if hasattr(value, "numpy"):
        return str(value.numpy().dtype), value.numpy().tolist()
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [plain(v) for v in value]
    return value


COLLATED = [
    [1, 2],
    [1.0, 2.5],
    [True, False],
    ["a", "b"],
    [b"a", b"b"],
    [(1, 2.0), (3, 4.0)],
    [[1, 2.0], [3, 4.0]],
    [{"a": 1, "b": [2]}, {"a": 3, "b": [4]}],
    [Point(1, 2.0), Point(3, 4.0)],
    [np.float32(1), np.float32(2)],
    [np.int16(1), np.int16(2)],
    [np.ones((2, 3)), np.zeros((2, 3))],
    [np.arange(4, dtype=np.uint8).reshape(2, 2).T, np.zeros((2, 2), np.uint8)],
    [range(2), range(2)],
]


@pytest.mark.parametrize("batch", COLLATED, ids=repr)
def test_collate_is_torchs(torch, batch):
    from torch.utils.data import default_collate as theirs

    assert plain(default_collate(batch)) == plain(theirs(batch))


def test_collate_tensors_and_errors():
    out = default_collate([(Tensor(np.ones((1, 2), np.float32)), 3), (Tensor(np.zeros((1, 2), np.float32)), 4)])
    assert plain(out) == ("list", [("float32", [[[1.0, 1.0]], [[0.0, 0.0]]]), ("int64", [3, 4])])
    with pytest.raises(RuntimeError, match="equal size"):
        default_collate([[1, 2], [1]])
    with pytest.raises(RuntimeError, match="stack"):
        default_collate([Tensor(np.zeros(2)), Tensor(np.zeros(3))])
    with pytest.raises(TypeError, match="found <class 'object'>: convert it, or pass a collate_fn"):
        default_collate([object()])
    with pytest.raises(TypeError, match="found <U1"):
        default_collate([np.array(["a"])])
    from PIL import Image

    with pytest.raises(TypeError, match=r"end the transform with ToTensor\(\)"):
        default_collate([Image.new("L", (2, 2))])


def test_single_samples_are_converted(torch):
    from torch.utils.data import default_convert as theirs

    for data in (
        np.ones(2),
        np.float32(3),
        4,
        "s",
        {"a": np.zeros(1)},
        (np.ones(1), [np.int8(2)]),
        Point(np.ones(1), 2),
    ):
        assert plain(default_convert(data)) == plain(theirs(data))
    assert list(DataLoader(Numbers(3), batch_size=None)) == [0, 1, 2]


# --- arguments


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"num_workers": -1}, "num_workers option should be non-negative, got -1"),
        ({"timeout": -1}, "timeout option should be non-negative"),
        ({"prefetch_factor": 2}, "prefetch_factor option needs num_workers > 0"),
        ({"num_workers": 1, "prefetch_factor": 0}, "prefetch_factor option should be positive, got 0"),
        ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
        ({"multiprocessing_context": "spawn"}, "needs num_workers > 0"),
        ({"num_workers": 1, "multiprocessing_context": "thread"}, "valid start method"),
        ({"sampler": [1], "shuffle": True}, "sampler option is mutually exclusive with shuffle"),
        ({"batch_sampler": [[1]], "batch_size": 2}, "batch_sampler option is mutually exclusive"),
        ({"batch_size": None, "drop_last": True}, "disables auto-batching"),
        ({"batch_size": 0}, "batch_size should be a positive integer value, got batch_size=0"),
        ({"batch_size": 2.0}, "batch_size=2.0"),
        ({"drop_last": "yes"}, "drop_last should be a boolean value"),
    ],
)
def test_arguments_that_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        DataLoader(Numbers(3), **options)


def test_more_arguments_that_are_refused():
    with pytest.raises(AssertionError, match=r"requires timeout == 0, got timeout=5"):
        iter(DataLoader(Numbers(3), timeout=5))
    with pytest.raises(ValueError, match="num_samples=0: the data set is empty"):
        DataLoader(Numbers(0), shuffle=True)
    with pytest.raises(TypeError, match="replacement=1"):
        RandomSampler(range(3), replacement=1)
    for options in ({"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}):
        with pytest.raises(ValueError, match=f"unspecified {next(iter(options))} option"):
            DataLoader(Shards(3), **options)
    with pytest.raises(TypeError, match="multiprocessing_context"):
        DataLoader(Numbers(3), num_workers=1, multiprocessing_context=3)
    loader = DataLoader(Numbers(3))
    with pytest.raises(ValueError, match="batch_size attribute should not be set"):
        loader.batch_size = 2
    loader.collate_fn = list
    assert next(iter(loader)) == [0]


def test_weights_that_are_refused():
    for options, told in (
        ({"num_samples": 0}, "num_samples should be a positive integer value, but got num_samples=0"),
        ({"num_samples": True}, "num_samples=True"),
        ({"num_samples": 2.0}, r"num_samples=2\.0"),
        ({"num_samples": 2, "replacement": 1}, "replacement should be a boolean value, but got replacement=1"),
        ({"num_samples": 2, "weights": [[1.0, 2.0]]}, r"1d sequence but given weights have shape \(1, 2\)"),
    ):
        with pytest.raises(ValueError, match=told):
            WeightedRandomSampler(**{"weights": [1.0, 2.0], **options})
    sampler = WeightedRandomSampler(minicnn.tensor([1.0, 2.0]), 3, replacement=False)
    with pytest.raises(RuntimeError, match="cannot sample n_sample > prob_dist"):
        list(sampler)


def test_own_samplers_and_batches():
    assert [b.tolist() for b in DataLoader(Numbers(9), 2, sampler=[8, 1, 5])] == [[8, 1], [5]]
    loader = DataLoader(Numbers(9), batch_sampler=[[8], [1, 5]], pin_memory=True)
    assert [b.tolist() for b in loader] == [[8], [1, 5]]
    assert (len(loader), loader.batch_size) == (2, None)
    assert len(BatchSampler(range(10), 4, True)) == 2
    assert [b.tolist() for b in DataLoader("abc", 2, collate_fn=lambda s: Tensor(np.array(list(map(ord, s)))))] == [
        [97, 98],
        [99],
    ]


def test_iterable_data_sets():
    assert [b.tolist() for b in DataLoader(Shards(5), 2)] == [[0, 1], [2, 3], [4]]
    assert [b.tolist() for b in DataLoader(Shards(5), 2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(DataLoader(Shards(3), None)) == [0, 1, 2]
    assert [len(DataLoader(Shards(5), 2, drop_last=d)) for d in (False, True)] == [3, 2]
    assert len(DataLoader(Shards(5), None)) == 5
