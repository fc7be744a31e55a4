"""What this machine can do: the examination that `paribus doctor` prints."""
