"""Torch modules of the layers: one file per family, named as in `paribus.nn.layers`, and chains of them.

Images are NCHW tensors, best in channels_last memory. Weights are attached by `paribus.nn.modules.chain`
under the names of the layer's `WeightSpec`; a missing bias or gamma is None. Activations work in place if
autograd does not need the values that they overwrite.
"""
