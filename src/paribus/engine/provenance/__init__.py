"""What decides the bits of a result: the engine's version, and the machine."""
