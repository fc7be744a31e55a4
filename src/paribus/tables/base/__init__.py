"""Parts that tables share: data structures, and output as CSV, Markdown, LaTeX and HTML."""
