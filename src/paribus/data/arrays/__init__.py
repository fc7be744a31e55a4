"""Readers of image arrays in files: roles of arrays, order of axes, and conversion to bytes."""
