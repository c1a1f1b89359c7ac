"""torch.linalg: norms, inverses, solutions, determinants, decompositions."""

from minicnn.functional.linalg import LinAlgError as LinAlgError
from minicnn.functional.linalg import cholesky as cholesky
from minicnn.functional.linalg import cond as cond
from minicnn.functional.linalg import det as det
from minicnn.functional.linalg import eigh as eigh
from minicnn.functional.linalg import eigvalsh as eigvalsh
from minicnn.functional.linalg import inv as inv
from minicnn.functional.linalg import linalg_norm as norm  # noqa: F401
from minicnn.functional.linalg import lstsq as lstsq
from minicnn.functional.linalg import matrix_norm as matrix_norm
from minicnn.functional.linalg import matrix_power as matrix_power
from minicnn.functional.linalg import matrix_rank as matrix_rank
from minicnn.functional.linalg import multi_dot as multi_dot
from minicnn.functional.linalg import pinv as pinv
from minicnn.functional.linalg import qr as qr
from minicnn.functional.linalg import slogdet as slogdet
from minicnn.functional.linalg import solve as solve
from minicnn.functional.linalg import svd as svd
from minicnn.functional.linalg import svdvals as svdvals
from minicnn.functional.linalg import vector_norm as vector_norm
from minicnn.functional.matmul import matmul as matmul
from minicnn.functional.products import cross as cross
from minicnn.functional.rearrange import diagonal as diagonal
