"""Tables with one row per image."""
