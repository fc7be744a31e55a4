"""Migration scripts, one file per version of the schema."""
