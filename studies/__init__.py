"""The five labs as studies, and what came out of them: `python -m studies`, or `make labs`."""
