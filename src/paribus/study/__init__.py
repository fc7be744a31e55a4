"""Study files: reading, schema, edits, expansion, identity."""
