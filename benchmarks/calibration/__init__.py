"""Error rates of verdicts: simulated studies through the product's own judging."""
