"""Several networks as one program: one file per family of layers, named as in `paribus.nn.layers`, and `network`."""
