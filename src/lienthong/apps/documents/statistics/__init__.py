"""Statistics M-01 to M-13 of an agency and those below it, down to the documents behind them."""
