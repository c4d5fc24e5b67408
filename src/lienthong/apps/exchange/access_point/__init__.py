"""The agency's end of the axis: sends, fetches, stores, acknowledges."""
