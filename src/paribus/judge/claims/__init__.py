"""Claims: their evidence, their verdicts as one family of tests, their rows and the sentences about them."""
