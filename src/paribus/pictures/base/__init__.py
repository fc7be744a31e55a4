"""What pictures share: what is kept of a run, sheets, panels of the page, pixels."""
