"""Parts that charts share: data structures, computations, and style."""
