"""IDX files: read whole or refused by name."""

import gzip
import random
import struct

import numpy as np
import pytest

from minicnn.datasets.idx import read_idx

SEED = 20240229


def packed_idx(array, code=8):
    return struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ["images", "images.gz"])
def test_reads_plain_and_gzip_whatever_the_name(tmp_path, images, pack, name):
    (tmp_path / name).write_bytes(pack(packed_idx(images)))
    array = read_idx(tmp_path / name, (28, 28))
    assert array.dtype == np.uint8
    np.testing.assert_array_equal(array, images)
    array[0] = 7  # the array is the caller's own


def test_reads_labels_and_an_empty_file_of_items(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(packed_idx(np.array([3, 1, 2], np.uint8)))
    assert read_idx(path, ()).tolist() == [3, 1, 2]
    path.write_bytes(packed_idx(np.zeros((0, 28, 28), np.uint8)))
    assert read_idx(path, (28, 28)).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "it ends after 0 bytes, within the header of 16 bytes"),
        (
            b"<!DOCTYPE html><html>not found</html>",
            "its first four bytes are 3c 21 44 4f, expected 00 00 08 03",
        ),
        (packed_idx(np.zeros((2, 28, 28), ">f4"), code=13), "expected 00 00 08 03"),
        (packed_idx(np.zeros((2, 27, 28), np.uint8)), r"items of shape \(27, 28\), expected \(28, 28\)"),
        (packed_idx(np.zeros((2, 28, 28), np.uint8)) + b"x", "it goes on after the 1,568 data bytes"),
        (struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 28, 28), "more than the file can hold"),
        (packed_idx(np.zeros((2, 28, 28), np.uint8))[:-1], "truncated: 1,567 of 1,568 data bytes"),
    ],
)
def test_damage_is_named(tmp_path, content, fault):
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=fault) as caught:
        read_idx(path, (28, 28))
    assert str(path) in str(caught.value)
    assert "download=True" in str(caught.value)
    path.write_bytes(gzip.compress(content))  # the same within gzip
    with pytest.raises(ValueError, match=fault.split(":")[0]):
        read_idx(path, (28, 28))


def test_a_lying_header_takes_no_memory(tmp_path):
    path = tmp_path / "bomb.gz"
    claim = 2**31 // 784  # just what is still allowed
    path.write_bytes(gzip.compress(struct.pack(">HBB3I", 0, 8, 3, claim, 28, 28) + bytes(4 << 20)))
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(ValueError, match=r"more than the file can hold|truncated"):
        read_idx(path, (28, 28))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


def test_missing_file_and_folder_keep_their_own_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nothing", ())
    with pytest.raises(OSError, match=r"directory|denied"):
        read_idx(tmp_path, ())


@pytest.mark.parametrize("pack", [bytes, lambda b: gzip.compress(b, mtime=0)], ids=["plain", "gzip"])
def test_every_truncation_is_refused(tmp_path, images, pack):
    whole = pack(packed_idx(images[:1]))
    path = tmp_path / "cut"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="is damaged or no IDX file"):
            read_idx(path, (28, 28))


@pytest.mark.parametrize("pack", [bytes, lambda b: gzip.compress(b, mtime=0)], ids=["plain", "gzip"])
def test_every_bit_flipped_in_the_header_is_refused(tmp_path, images, pack):
    header, data = packed_idx(images)[:16], packed_idx(images)[16:]
    path = tmp_path / "flipped"
    for bit in range(8 * len(header)):
        broken = bytearray(header)
        broken[bit // 8] ^= 1 << bit % 8
        path.write_bytes(pack(bytes(broken) + data))
        with pytest.raises(ValueError, match="is damaged or no IDX file"):
            read_idx(path, (28, 28))


def test_random_damage_to_gzip_is_refused_or_harmless(tmp_path, images):
    print(f"seed {SEED}")
    draw = random.Random(SEED)
    whole = gzip.compress(packed_idx(images), mtime=0)
    path = tmp_path / "damaged.gz"
    refused = harmless = 0
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(draw.choice([1, 1, 2, 8])):
            broken[draw.randrange(len(broken))] ^= 1 << draw.randrange(8)
        path.write_bytes(broken)
        try:
            array = read_idx(path, (28, 28))
        except ValueError as error:
            refused += str(path) in str(error)
        else:  # gzip's header has bytes without meaning for the content (its time, its system)
            np.testing.assert_array_equal(array, images)
            harmless += 1
    assert refused + harmless == 400
    assert refused > 350
