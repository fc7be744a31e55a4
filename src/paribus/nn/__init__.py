"""Networks and their training: specifications, which do not import torch, and their torch modules."""
