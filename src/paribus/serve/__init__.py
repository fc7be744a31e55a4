"""The report as a live page on this machine alone: what it shows, who may look, what it may change."""
