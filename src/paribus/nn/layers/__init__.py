"""Layers that a study file can name: one module per family, without torch, found without registration.

A layer's forms are in modules of the same name in `paribus.nn.modules` (torch), `paribus.nn.stacked`
(several networks as one program) and `paribus.reference` (NumPy).
"""
