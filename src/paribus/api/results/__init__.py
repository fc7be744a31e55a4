"""The results of a run, and the views of them."""
