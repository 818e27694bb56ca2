"""One file per place where secrets are kept; each is a SecretStore (model.py)."""
