"""Networks and their training: specifications free of torch, and their torch half."""
