"""Code that pictures share: stored images and predictions of a run, sheets, panels of the page, pixels."""
