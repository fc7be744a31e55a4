"""Commands that take results."""
