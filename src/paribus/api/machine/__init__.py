"""Examination of this machine, which `paribus doctor` prints."""
