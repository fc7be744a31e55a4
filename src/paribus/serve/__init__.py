"""A web server on the loopback interface that shows reports as live pages, and starts and stops runs."""
