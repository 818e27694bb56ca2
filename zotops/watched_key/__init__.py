"""CI's key as `key-status` sees it: what is known of it, what follows, and how that is told."""
