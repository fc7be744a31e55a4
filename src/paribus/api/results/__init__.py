"""The results of a run: record, data frames, charts, images, comparison with others."""
