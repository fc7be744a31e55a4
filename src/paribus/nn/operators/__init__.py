"""Operators that are faster than PyTorch's on a CPU, each with PyTorch's operator as a fallback.

The C kernels work on channels_last memory, in float32 or bfloat16. Max pooling, relu and dropout are
bit-identical to the fallback; convolutions and matrix products differ from it by rounding.
"""
