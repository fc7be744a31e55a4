"""One file per kind of task, each with one function ``run(desk, task, tell)``.

A handler carries out the task, writes its files durably, and then reports an event. It may raise any exception;
`paribus.execute.workers.serving` turns it into an event. PyTorch is imported inside the functions, because a
program that only starts workers does not need it.
"""
