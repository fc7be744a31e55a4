"""The report: content as plain data; output as HTML, Markdown and terminal text."""
