"""Where results live: any SQL database."""
