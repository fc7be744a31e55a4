"""Pictures in files: decoding, folders, tables of labels, photographs of digits."""
