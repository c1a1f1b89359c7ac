"""Contract: col2im, the adjoint of im2col: each number of the columns is added to the pixel it came from
(torch.nn.functional.fold).

    x[n, c, h, w] = Σ columns[n, (c·KH + r)·KW + s, oh·OW + ow]
                    over all (r, s, oh, ow) with oh·sh - ph + r·dh = h and ow·sw - pw + s·dw = w

ins   columns (N, C·KH·KW, OH·OW), plain
outs  x (N, C, H, W), plain

The sum over one pixel runs in the order r, s: the same bits at any number of threads.
"""

from ..im2col import Sizes as Sizes
