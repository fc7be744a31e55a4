"""What tables share: what they are, and how each target writes them."""
