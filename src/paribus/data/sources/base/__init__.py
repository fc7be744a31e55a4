"""What sources share: what a source is, and official files that are searched and downloaded."""
