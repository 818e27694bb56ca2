"""zotops: operations runbooks that run."""
