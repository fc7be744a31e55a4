"""Base classes of sources, and the search and download of official files."""
