"""Lesson 1: a gradient, by hand and by the engine.

    loss = (w·x - y)²        d loss / d w = 2·(w·x - y)·x

Every operation leaves a node behind; `backward` walks the nodes from the loss to the leaves and calls
each one's backward rule once.
"""

import minicnn

x, y = 3.0, 10.0
w = minicnn.tensor(2.0, requires_grad=True)

loss = (w * x - y) ** 2
print("loss", loss)

node = loss.grad_fn
while node is not None:  # the chain of nodes, from the loss back to the leaf
    print("  ", type(node).__name__)
    node = node.next_functions[0][0] if hasattr(node, "next_functions") else None

loss.backward()
print("by the engine", w.grad.item(), " by hand", 2 * (2.0 * x - y) * x)
assert w.grad.item() == 2 * (2.0 * x - y) * x

for _ in range(20):  # walking downhill with that gradient finds w = 10/3
    w.grad = None
    ((w * x - y) ** 2).backward()
    with minicnn.no_grad():
        w -= 0.05 * w.grad
print("after 20 steps", round(w.item(), 4))
assert abs(w.item() - 10 / 3) < 1e-4
