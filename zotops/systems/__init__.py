"""Thin typed clients, one file per outside system; they parse answers and judge nothing."""
