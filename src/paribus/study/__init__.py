"""Study files: reading, schema, edits, expansion into variants, and identity of trials."""
