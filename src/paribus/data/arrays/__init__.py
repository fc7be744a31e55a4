"""Arrays of pixels in files: what is what, and how values become bytes."""
