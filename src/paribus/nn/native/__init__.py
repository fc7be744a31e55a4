"""C kernels for operations that PyTorch computes slowly on small images; optional, compiled on demand."""
