"""Reading of sources, splits, preprocessing and fingerprints of data sets. Does not import torch."""
