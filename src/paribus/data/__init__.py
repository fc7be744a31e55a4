"""Sources, splits, preprocessing, fingerprints. Free of torch."""
