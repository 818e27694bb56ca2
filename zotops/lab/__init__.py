"""The practice world: everything a deployment touches, on one machine."""
