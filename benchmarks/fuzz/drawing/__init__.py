"""Studies drawn by a seed: layers, training and data, from which a network and its batches are made."""
