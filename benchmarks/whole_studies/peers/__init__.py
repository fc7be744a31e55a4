"""The same trials as people write them in other frameworks. Each file is a script of its own."""
