"""The door for software that agencies already run: the client kit's HTTP interface (part H)."""
