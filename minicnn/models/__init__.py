"""The networks of the course, each with the recipe that trains it.

`models.lenet5()` builds a network; `models.NETWORKS["lenet5"]` also knows how it is trained, which is what
`python -m minicnn.train lenet5` uses.
"""

from minicnn.models.lenet import LeNet5 as LeNet5
from minicnn.models.lenet import LeNet5ReLU as LeNet5ReLU
from minicnn.models.lenet import lenet5 as lenet5
from minicnn.models.lenet import lenet5_relu as lenet5_relu
from minicnn.models.recipes import NETWORKS as NETWORKS
from minicnn.models.recipes import Network as Network
from minicnn.models.recipes import Recipe as Recipe
