"""Training in NumPy: every layer, loss and optimizer, with its derivation.

It is written to be read, and serves as the oracle of the fast engine: forward passes and manually derived
backward passes in float64, checked against finite differences. Images are ``(example, height,
width, channel)``; weights have the names and the layouts of the engine (outputs first), so that
both can start from the same weights.

Reading order: `layer` (what forward and backward mean), `dense`, `activation`, `losses`, `network`
(the chain rule over a whole network), `optimizers`; then the other families of layers, in files named as
in `paribus.nn.layers`. Does not import torch.
"""
