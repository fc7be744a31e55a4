"""Do readers survive damaged files? Thousands of mutations of what a run leaves and of what people bring.

    make mutate

Every reader gives the same answer as before, or one explained error; a traceback, a hang, or another number
from a file with a checksum is a leak. The seed is printed, and `--only N` repeats one mutation of it.
"""
