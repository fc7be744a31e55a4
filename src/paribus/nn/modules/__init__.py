"""The torch half of the layers: one file per family, named as in `paribus.nn.layers`, and how they are joined.

Images are NCHW tensors, best in channels_last memory. Weights are attached by `paribus.nn.modules.chain`
under the names of the layer's `WeightSpec`; a missing bias or gamma stays None. Activations work in place
where autograd does not need what they replace.
"""
