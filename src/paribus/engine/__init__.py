"""Training loops: they run trials and return records, independent of stores and processes."""
