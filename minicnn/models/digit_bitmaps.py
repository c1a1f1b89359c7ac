"""Ten digits, 7 pixels wide and 12 high: what the 84 units of LeNet-5's layer F6 are to look like.

The paper of 1998 (figure 3) has such bitmaps for all of ASCII, so that signs which look alike have codes which are
alike, and a language model behind the network can choose among them. These ten are drawn anew.
"""

from __future__ import annotations

from minicnn.autograd.tensor import Tensor
from minicnn.functional import tensor

DRAWN = """
.......  .......  .......  .......  .......  .......  .......  .......  .......  .......
..###..  ...#...  ..###..  #######  ....##.  #######  ..####.  #######  .#####.  ..###..
.#...#.  ..##...  .#...#.  .....#.  ...#.#.  #......  .#.....  ......#  #.....#  .#...#.
#.....#  .#.#...  #.....#  ....#..  ..#..#.  #......  #......  .....#.  #.....#  #.....#
#.....#  ...#...  ......#  ...#...  .#...#.  #......  #......  .....#.  #.....#  #.....#
#.....#  ...#...  .....#.  ..###..  #....#.  ######.  #.####.  ....#..  .#####.  #....##
#.....#  ...#...  ....#..  .....#.  #######  ......#  ##....#  ....#..  #.....#  .####.#
#.....#  ...#...  ...#...  ......#  .....#.  ......#  #.....#  ...#...  #.....#  ......#
#.....#  ...#...  ..#....  ......#  .....#.  ......#  #.....#  ...#...  #.....#  ......#
.#...#.  ...#...  .#.....  #.....#  .....#.  #.....#  .#...#.  ..#....  #.....#  .....#.
..###..  .#####.  #######  .#####.  .....#.  .#####.  ..###..  ..#....  .#####.  .####..
.......  .......  .......  .......  .......  .......  .......  .......  .......  .......
"""


def digit_bitmaps() -> Tensor:
    """The digits as (10, 12, 7) numbers: 1 where there is ink, -1 where there is none.

    >>> digit_bitmaps()[1, 1].tolist()
    [-1.0, -1.0, -1.0, 1.0, -1.0, -1.0, -1.0]
    """
    rows = [line.split() for line in DRAWN.split("\n") if line]  # 12 rows of 10 pieces
    return tensor([[[1.0 if pixel == "#" else -1.0 for pixel in row[digit]] for row in rows] for digit in range(10)])
