"""Legal lists as dated data with their basis (TOML), read by the modules of core."""
