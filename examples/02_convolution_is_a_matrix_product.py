"""Lesson 2: what a convolution is: windows, written as columns, times a matrix.

The image is a step: three columns of 1, three of 0. The filter takes the left neighbour minus the right
one, so it answers where the step is and nowhere else.
"""

import minicnn
from minicnn.nn import functional as F

image = minicnn.tensor([[1.0, 1, 1, 0, 0, 0]] * 6).reshape(1, 1, 6, 6)
edge = minicnn.tensor([[1.0, 0, -1]] * 3).reshape(1, 1, 3, 3) / 3

answer = F.conv2d(image, edge)
print("convolution\n", answer[0, 0])

columns = F.unfold(image, 3)  # (1, 9, 16): each of the 16 windows is a column of 9 numbers
print("columns", tuple(columns.shape), " window (0, 1):", columns[0, :, 1].tolist())
product = edge.reshape(1, 9) @ columns[0]  # (1, 16): the filter as a row, times the columns
print("filter row times columns\n", product.reshape(4, 4))
assert minicnn.allclose(answer[0, 0], product.reshape(4, 4), atol=1e-6)

# The transposed matrix carries gradients back, and is the transposed convolution.
g = minicnn.randn(1, 1, 4, 4)
back = F.fold((edge.reshape(9, 1) @ g.reshape(1, 16)).unsqueeze(0), (6, 6), 3)
assert minicnn.allclose(back, F.conv_transpose2d(g, edge), atol=1e-6)
print("transposed matrix = conv_transpose2d: yes")
