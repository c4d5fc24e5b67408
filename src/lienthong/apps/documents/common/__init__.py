"""What every subject of the desk shares: numbers, deadlines, typesetting, who sees what."""
