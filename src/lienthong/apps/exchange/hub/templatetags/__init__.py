"""Words of the operator's pages."""
