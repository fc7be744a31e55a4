"""Worker processes: how one is started, and what it does with a task."""
