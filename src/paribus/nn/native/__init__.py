"""Kernels in C for what PyTorch does slowly on small images, compiled on demand, and never needed."""
