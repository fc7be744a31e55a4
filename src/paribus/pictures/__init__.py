"""Grids of images: kernels, activations, attributions, mistakes."""
