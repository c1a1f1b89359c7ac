"""The kernels that make batches of images of bytes: image_batch against plain loops, image_resize against Pillow."""

import numpy as np
import oracles
import pytest
from contract import SLOW, each_float, run, some
from PIL import Image

from minicnn.kernels import image_batch, image_resize


@each_float
@pytest.mark.parametrize("channels_last", [False, True])
def test_image_batch(backend, rng, dtype, channels_last):
    for N, C, H, W, OH, OW in some(
        backend, ((9, 2, 3, 2, 9, 8), (33, 1, 6, 6, 6, 6), (40, 3, 5, 7, 4, 9), (1, 1, 28, 28, 28, 28))
    ):
        images = rng.integers(0, 256, (5, C, H, W)).astype(np.uint8)
        table = rng.standard_normal((C, 256)).astype(dtype)
        places = rng.integers(-4, 5, (N, 4))  # windows that reach over every edge, or see nothing of the image
        places[: N // 3, 1:3] = 0  # and some that fit
        places[:, 0], places[:, 3] = rng.integers(0, 5, N), rng.integers(0, 2, N)
        z = image_batch.Sizes(N, 5, C, H, W, OH, OW, dtype, channels_last)
        memory = np.ascontiguousarray(images.transpose(0, 2, 3, 1)) if channels_last else images
        (y,) = run(backend, "image_batch", z, memory.reshape(-1), places.reshape(-1), table.reshape(-1))
        assert np.array_equal(y.reshape(N, C, OH, OW), oracles.image_batch(images, places, table, (OH, OW)))


RESIZED = [(28, 28, 32, 32), (32, 32, 28, 28), (3, 5, 7, 9), (9, 4, 9, 11), (6, 8, 6, 2), (1, 2, 4, 4), (20, 20, 3, 3)]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("shape", RESIZED, ids=str)
def test_image_resize(backend, rng, shape, channels_last):
    H, W, OH, OW = shape
    if backend == SLOW and H * W > 100:
        pytest.skip("a large image takes Numba's simulator a minute")
    images, numbers = rng.integers(0, 256, (4, 2, H, W)).astype(np.uint8), rng.integers(0, 4, 5)
    images[1], images[2] = 255, 0  # white stays white
    memory = np.ascontiguousarray(images.transpose(0, 2, 3, 1)) if channels_last else images
    z = image_resize.Sizes(5, 4, 2, H, W, OH, OW, channels_last)
    (y,) = run(backend, "image_resize", z, memory.reshape(-1), numbers)
    y = y.reshape(5, 2, OH, OW)
    assert np.abs(y - oracles.image_resize(images[numbers], (OH, OW))).max() < 1.01  # two roundings to bytes
    assert (y[numbers == 1] == 255).all()
    pillow = [[Image.fromarray(c).resize((OW, OH), Image.Resampling.BILINEAR) for c in images[n]] for n in numbers]
    assert np.array_equal(y, np.array([[np.asarray(plane) for plane in planes] for planes in pillow]))
