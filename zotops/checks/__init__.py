"""Things that can be looked at, one file each: frozen dataclasses that judge what they see."""
