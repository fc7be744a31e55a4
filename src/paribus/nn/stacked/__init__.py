"""Several networks as one program: `network`, and one file per family of layers as in `paribus.nn.layers`."""
