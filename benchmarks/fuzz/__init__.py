"""A differential fuzz: networks at random, trained by ceteris and by an independent plain-PyTorch builder."""
