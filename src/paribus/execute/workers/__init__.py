"""Worker processes: how they are started, and how they carry out tasks."""
