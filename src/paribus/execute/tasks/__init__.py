"""One file per kind of task, each with one function ``run(desk, task, tell)``.

A handler does the task, makes what it leaves durable, and then tells what has happened. It may raise
whatever it meets: `paribus.execute.workers.serving` makes data of it. PyTorch is imported inside the functions,
since a program that only starts workers needs none.
"""
