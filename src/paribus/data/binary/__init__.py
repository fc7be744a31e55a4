"""Readers of the original file formats of MNIST and CIFAR."""
