"""The training loop: runs trials and reports; knows no store and no process."""
