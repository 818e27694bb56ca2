"""The procedures, one file each."""
