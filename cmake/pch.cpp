// Owns the precompiled header; every executable reuses it.
