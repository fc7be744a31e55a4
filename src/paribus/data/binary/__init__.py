"""The original files of MNIST and CIFAR."""
