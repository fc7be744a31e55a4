"""What charts share: what they are made of, where they are found, and how they look."""
