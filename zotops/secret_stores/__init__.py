"""One file per place where secrets are kept; each is a SecretStore (world.py)."""
