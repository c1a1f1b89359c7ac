"""Lesson 4: a network that can be computed by hand, and what its activation is there for.

Four signs of 3×3 pixels, one filter of 2×2, one activation, and one weight for each of the four numbers that
are left. Nothing is learned: the weights are chosen so that each sign gets a score of its own.

    O      X      \\      /        filter       weights
   .#.    #.#    #..    ..#        1 -1        1    1
   #.#    .#.    .#.    .#.       -1  1       -1/2  1/2
   .#.    #.#    ..#    #..
"""

import minicnn
from minicnn import nn
from minicnn.nn import functional as F

SIGNS = {"O": ".#. #.# .#.", "X": "#.# .#. #.#", "\\": "#.. .#. ..#", "/": "..# .#. #.."}


def image(sign: str) -> minicnn.Tensor:
    """The sign as a 1×1×3×3 image: 1 where there is ink."""
    return minicnn.tensor([[float(pixel == "#") for pixel in row] for row in SIGNS[sign].split()]).view(1, 1, 3, 3)


edges = minicnn.tensor([[1.0, -1.0], [-1.0, 1.0]]).view(1, 1, 2, 2)  # looks for "\" and against "/"
weights = minicnn.tensor([[1.0, 1.0], [-0.5, 0.5]]).view(1, 4)


def scores(activation: nn.Module) -> dict[str, float]:
    """What the network says of each sign."""
    return {s: F.linear(activation(F.conv2d(image(s), edges)).flatten(1), weights).item() for s in SIGNS}


for sign in SIGNS:
    answer = F.conv2d(image(sign), edges)[0, 0]
    print(f"{sign}  filter {answer.tolist()}  Hardshrink(1) {F.hardshrink(answer, 1.0).tolist()}")

# Hardshrink(1) makes 0 of all that is not above 1 or below -1: it keeps the clear answers, of either sign.
shrunk = scores(nn.Hardshrink(1.0))
print("with Hardshrink", shrunk)
assert shrunk == {"O": -2.0, "X": 2.0, "\\": 3.0, "/": -1.0}

# ReLU keeps the positive answers, the unclear ones too, and forgets the negative ones: X and \ become the same.
rectified = scores(nn.ReLU())
print("with ReLU", rectified)
assert rectified == {"O": 1.0, "X": 3.0, "\\": 3.0, "/": 1.5}
print("X and \\ collide:", rectified["X"] == rectified["\\"])
