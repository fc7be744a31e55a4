"""Layers as a study file names them: one file per family, free of torch, found by itself.

A layer's forms stand in files of the same name in `paribus.nn.modules` (torch), `paribus.nn.stacked`
(several networks as one program) and `paribus.reference` (NumPy).
"""
