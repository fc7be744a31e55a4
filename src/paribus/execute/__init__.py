"""Where trials run: worker processes, and the artifacts they leave."""
