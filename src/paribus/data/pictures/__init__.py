"""Readers of image files: decoding, folders, tables of labels, photographs of digits."""
