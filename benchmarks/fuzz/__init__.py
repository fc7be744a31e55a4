"""A differential fuzz: networks at random, trained by paribus and by an independent plain-PyTorch builder."""
