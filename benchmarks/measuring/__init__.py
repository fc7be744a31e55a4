"""What every measurement uses: the machine and its limits, processes seen from outside, ratios of rounds."""
