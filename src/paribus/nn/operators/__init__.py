"""Operators that are faster here than in PyTorch on a CPU, each with PyTorch's own as a fallback.

The C kernels work on channels_last memory, in float32 or bfloat16. Max pooling, relu and dropout
give the fallback's bits; convolutions and matrix products differ from it by rounding.
"""
