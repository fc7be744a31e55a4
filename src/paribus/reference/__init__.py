"""The whole of training in NumPy alone: every layer, loss and optimizer, with its derivation.

Written to be read, and to be the oracle of the fast engine: forward passes and hand-derived
backward passes in float64, checked against finite differences. Images are ``(example, height,
width, channel)``; weights have the names and the layouts of the engine (outputs first), so that
both can begin with the same numbers.

Reading order: `layer` (what forward and backward mean), `dense`, `activation`, `losses`, `network`
(the chain rule over a whole network), `optimizers`; then the other families of layers,
each in the file that is called as in `paribus.nn.layers`. No torch in here.
"""
